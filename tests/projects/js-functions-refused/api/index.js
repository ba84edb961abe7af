const app = require('express')()
module.exports = app
