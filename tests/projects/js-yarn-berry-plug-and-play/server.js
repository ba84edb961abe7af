require('express')().get('/', (request, response) => response.send('hello without node_modules')).listen(process.env.PORT)
