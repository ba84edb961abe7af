const routes = require("./dist/routes")
require("node:http").createServer(routes).listen(process.env.PORT, process.env.HOST)
