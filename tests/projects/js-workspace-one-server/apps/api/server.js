const express = require('express')
const { greeting } = require('@shop/core')

express().get('/', (request, response) => response.send(greeting)).listen(process.env.PORT)
