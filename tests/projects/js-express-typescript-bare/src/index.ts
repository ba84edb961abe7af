import express from 'express'

enum Mode { Friendly = 'friendly' }

express().get('/', (request, response) => response.send(`hello, ${Mode.Friendly}`)).listen(process.env.PORT)
