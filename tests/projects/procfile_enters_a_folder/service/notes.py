from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def notes():
    return ["hello from a note"]
