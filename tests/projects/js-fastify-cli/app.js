module.exports = async (fastify, options) => {
  fastify.get('/', async () => ({ hello: 'world' }))
}
