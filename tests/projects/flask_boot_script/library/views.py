from library import app
from library.models import Shelf


@app.get("/")
def shelves():
    return "".join(f"{shelf.name}\n" for shelf in Shelf.query) or "no shelves yet\n"


@app.get("/status")
def status():
    return "ok\n"
