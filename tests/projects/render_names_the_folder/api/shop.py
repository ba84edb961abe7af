import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/")
def goods():
    with sqlite3.connect("shop.db") as database:
        return [name for (name,) in database.execute("SELECT name FROM goods")]


@app.get("/healthz")
def healthz():
    return "ok"
