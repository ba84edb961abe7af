from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def parcels():
    return []
