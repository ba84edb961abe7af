require('node:fs').readFileSync('./conf.json')
