import Fastify from 'fastify'

export function serve(port: number) {
  const app = Fastify()
  app.get('/', async () => 'hello from one file')
  return app.listen({ port, host: '0.0.0.0' })
}
