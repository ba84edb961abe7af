import Fastify from 'fastify'
const app = Fastify()
await app.listen({ port: Number(process.env.PORT), host: process.env.HOST })
