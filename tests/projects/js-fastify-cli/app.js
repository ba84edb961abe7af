module.exports = async (fastify) => {
  fastify.get('/', async () => ({ hello: 'world' }))
}
