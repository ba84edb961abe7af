import { colour } from 'tokens'

export const greeting = `hello in ${colour}`
