const WebSocket = require('ws')
