from library import app


@app.get("/")
def shelves():
    return "no books yet\n"
