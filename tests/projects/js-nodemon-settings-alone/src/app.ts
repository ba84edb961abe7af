import express from 'express'
import { config } from './config'

const app = express()
app.get('/', (_request, response) => {
  response.send('hello from ts-node')
})
app.listen(config.port)
