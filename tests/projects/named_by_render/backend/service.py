from fastapi import FastAPI

pantry = FastAPI()


@pantry.get("/")
def shelves():
    return ["flour", "rice"]
