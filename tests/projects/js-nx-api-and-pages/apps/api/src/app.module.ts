import { Controller, Get, Module } from '@nestjs/common'

@Controller()
class AppController {
  @Get()
  hello() {
    return 'hello from one app of many'
  }
}

@Module({ controllers: [AppController] })
export class AppModule {}
