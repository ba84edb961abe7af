const express = require('express')
const next = require('next')

const app = next({})
const handle = app.getRequestHandler()

app.prepare().then(() => {
  const server = express()
  server.all('*', (request, response) => handle(request, response))
  server.listen(process.env.PORT)
})
