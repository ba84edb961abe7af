const { createApp } = require('node:http')
createApp()
