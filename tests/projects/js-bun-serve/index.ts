Bun.serve({ fetch() { return new Response('hello from Bun') } })
