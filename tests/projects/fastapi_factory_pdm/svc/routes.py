from fastapi import FastAPI


def register(app: FastAPI) -> None:
    @app.get("/")
    def home():
        return {"hello": "from a factory"}
