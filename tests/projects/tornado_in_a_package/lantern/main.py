import os

import greetings
from tornado import ioloop, web


class Index(web.RequestHandler):
    def get(self):
        self.write(greetings.HELLO)


site = web.Application([(r"/", Index)])

if __name__ == "__main__":
    site.listen(int(os.environ.get("PORT", 8888)))
    ioloop.IOLoop.current().start()
