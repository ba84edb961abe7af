require('node:net').connect(5432, '127.0.0.1')
