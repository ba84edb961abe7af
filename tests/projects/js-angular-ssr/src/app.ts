import { Component } from '@angular/core'

@Component({ selector: 'app-root', template: '<h1>hello from the {{ place }}</h1>' })
export class App {
  protected readonly place = typeof window === 'undefined' ? 'server' : 'browser'
}
