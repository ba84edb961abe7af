const app = require('express')()

app.get('/', (request, response) => response.send('hello without pm2'))
app.listen(process.env.PORT || 3000)
