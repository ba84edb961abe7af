import http from 'node:http'

http.createServer((request, response) => response.end(`hello on ${process.version}`)).listen(process.env.PORT)
