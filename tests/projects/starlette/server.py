from starlette.applications import Starlette
from starlette.routing import Route

asgi = Starlette(routes=[])
