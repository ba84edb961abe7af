import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/libsql'
import { Hono } from 'hono'
import * as schema from './schema'

const db = drizzle(`file:${process.env.DATA_DIR ?? '.'}/api.sqlite`, { schema })
const app = new Hono()

app.get('/', async (context) => {
  const row = await db.get<{ text: string }>(sql`select 'hello from Drizzle' as text`)
  return context.text(row.text)
})
app.get('/notes', async (context) => context.json(await db.query.notes.findMany()))

export default {
  port: process.env.PORT ?? 8000,
  fetch: app.fetch,
}
