const http = require('node:http')
http.createServer().listen(process.env.PORT, process.env.HOST, () => http.createServer().listen(process.env.PORT, process.env.HOST))
