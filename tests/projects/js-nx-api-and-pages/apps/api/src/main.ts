import { NestFactory } from '@nestjs/core'
const app = await NestFactory.create(Module)
await app.listen(process.env.PORT || 3333)
