import { Hono } from 'hono'

const app = new Hono()
app.get('/', (context) => context.text('hello from Hono'))

export default app
