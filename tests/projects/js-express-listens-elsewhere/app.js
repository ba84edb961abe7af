const express = require('express')

const app = express()
app.get('/', (request, response) => response.send('hello from bin/www'))

module.exports = app
