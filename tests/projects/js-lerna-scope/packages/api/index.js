const { price } = require('prices')
const app = require('express')()

app.get('/', (request, response) => response.send(`a book is ${price(1250)}`))
app.listen(process.env.PORT || 4000)
