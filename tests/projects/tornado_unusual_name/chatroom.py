import asyncio
import os

import tornado.web


class Main(tornado.web.RequestHandler):
    def get(self):
        self.write("hello from a chatroom")


async def serve():
    tornado.web.Application([("/", Main)]).listen(int(os.environ["PORT"]), os.environ["HOST"])
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
