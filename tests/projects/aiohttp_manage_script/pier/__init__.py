from aiohttp import web


async def index(request):
    return web.Response(text="hello from a pier")


def init_app(argv):
    site = web.Application()
    site.router.add_get("/", index)
    return site
