from fastapi import FastAPI

service = FastAPI()


@service.get("/")
def readings():
    return {}
