from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def home(request):
    return PlainTextResponse("hello from Starlette")


asgi = Starlette(routes=[Route("/", home)])
