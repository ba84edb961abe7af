import express from 'express'

const port = 5000
const app = express()
app.get('/', (request, response) => response.send('hello from a port of its own'))
app.listen(port)
