import os

from aiohttp import web


async def hello(request):
    return web.Response(text="hello from a script")


def main():
    app = web.Application()
    app.router.add_get("/", hello)
    web.run_app(app, host=os.environ["HOST"], port=int(os.environ["PORT"]))
