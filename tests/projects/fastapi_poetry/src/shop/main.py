from fastapi import FastAPI

from shop.settings import NAME

app = FastAPI(title=NAME)


@app.get("/")
def home():
    return {"hello": NAME}
