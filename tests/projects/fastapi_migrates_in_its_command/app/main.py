import sqlite3

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def parcels():
    with sqlite3.connect("parcels.db") as database:
        return [address for (address,) in database.execute("SELECT address FROM parcel")]
