const next = require('next'), express = require('express')
const app = next({})
app.prepare().then(() => express().all('*', app.getRequestHandler()).listen(process.env.PORT))
