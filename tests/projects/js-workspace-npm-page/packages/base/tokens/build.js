import fs from 'node:fs'

fs.mkdirSync('dist', { recursive: true })
fs.writeFileSync('dist/index.js', "export const colour = 'teal'\n")
