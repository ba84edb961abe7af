import { Hono } from 'hono'
const app = new Hono()
export default {
  port: process.env.PORT ?? 8000,
  fetch: app.fetch,
}
