import { bootstrapApplication, type BootstrapContext } from '@angular/platform-browser'
import { provideRouter } from '@angular/router'
import { provideServerRendering, RenderMode, withRoutes } from '@angular/ssr'
import { App } from './app'

const providers = [provideRouter([]), provideServerRendering(withRoutes([{ path: '**', renderMode: RenderMode.Server }]))]

export default (context: BootstrapContext) => bootstrapApplication(App, { providers }, context)
