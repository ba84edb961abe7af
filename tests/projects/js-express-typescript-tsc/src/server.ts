import express from 'express'

const app = express()
app.get('/', (request, response) => { response.send('hello from tsc') })
app.listen(Number(process.env.PORT ?? 3000))
