const http = require('http')
const { WebSocketServer } = require('ws')

const server = http.createServer((request, response) => response.end('hello from a gateway'))
new WebSocketServer({ server })
server.listen(process.env.PORT)
