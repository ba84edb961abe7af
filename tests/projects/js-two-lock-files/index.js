require('express')().get('/', (request, response) => response.send(`hello on ${process.version}`)).listen(process.env.PORT)
