import { Ignitor } from '@adonisjs/core'
