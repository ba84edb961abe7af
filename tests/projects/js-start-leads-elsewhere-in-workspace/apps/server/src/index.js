import { fileURLToPath } from 'node:url'
import express from 'express'

const app = express()
app.use(express.static(fileURLToPath(new URL('../../client/dist', import.meta.url))))
app.listen(process.env.PORT ?? 4100)
