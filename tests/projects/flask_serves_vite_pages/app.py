from flask import Flask

app = Flask(__name__, static_folder="frontend/dist", static_url_path="")


@app.get("/")
def page():
    return app.send_static_file("index.html")


@app.get("/api/time")
def time():
    return {"zone": "UTC"}


if __name__ == "__main__":
    app.run(debug=True)
