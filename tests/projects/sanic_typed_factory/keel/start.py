from sanic import Sanic
from sanic.response import text

SITES = {}


def main() -> Sanic:
    SITES["keel"] = Sanic("keel")
    app = SITES["keel"]
    app.add_route(lambda request: text("hello from a keel"), "/")
    return app


if __name__ == "__main__":
    main().run()
