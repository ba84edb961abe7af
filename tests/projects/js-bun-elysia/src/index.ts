import { Elysia } from 'elysia'

new Elysia().get('/', () => 'hello from Elysia').listen(process.env.PORT ?? 3000)
