const { app } = require('electron')
