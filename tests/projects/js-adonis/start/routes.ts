import router from '@adonisjs/core/services/router'
import db from '@adonisjs/lucid/services/db'

router.get('/', async () => {
  const [row] = await db.rawQuery("select 'hello from Adonis' as text")
  return row.text
})
