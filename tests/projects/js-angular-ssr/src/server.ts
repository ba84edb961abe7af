import { AngularNodeAppEngine, createNodeRequestHandler, isMainModule, writeResponseToNodeResponse } from '@angular/ssr/node'
import express from 'express'

const app = express()
const angular = new AngularNodeAppEngine()
app.use((request, response, next) => {
  angular
    .handle(request)
    .then((page) => (page ? writeResponseToNodeResponse(page, response) : next()))
    .catch(next)
})

if (isMainModule(import.meta.url)) {
  app.listen(process.env['PORT'] || 4000)
}

export const reqHandler = createNodeRequestHandler(app)
