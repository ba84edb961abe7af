import Fastify from 'fastify'

const text: string = 'hello without types'
const app = Fastify()
app.get('/', async () => text)
await app.listen({ port: Number(process.env.PORT), host: '0.0.0.0' })
