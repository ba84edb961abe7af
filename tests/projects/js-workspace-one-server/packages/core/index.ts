export const greeting: string = 'hello from core'
