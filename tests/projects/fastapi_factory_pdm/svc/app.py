from fastapi import FastAPI

from .routes import register


def create_app(testing: bool = False) -> FastAPI:
    app = FastAPI()
    register(app)
    return app
