import os

import pier
from aiohttp import web

app = pier.init_app(argv=None)

if __name__ == "__main__":
    web.run_app(app, port=int(os.environ["PORT"]))
