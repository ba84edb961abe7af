import Fastify from 'fastify'

const app = Fastify()
app.get('/', () => ({ hello: process.env.NODE_ENV, since: globalThis.startedAt }))
await app.listen({ port: Number(process.env.PORT), host: process.env.HOST })
