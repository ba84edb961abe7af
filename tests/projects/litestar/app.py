from litestar import Litestar, get


@get("/")
async def index() -> str:
    return "hello from Litestar"


app = Litestar([index])
