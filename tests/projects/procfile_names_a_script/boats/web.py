import sqlite3

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def boats():
    with sqlite3.connect("boats.db") as database:
        return [name for (name,) in database.execute("SELECT name FROM boat")]
