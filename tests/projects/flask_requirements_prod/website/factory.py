from flask import Flask


def create_app():
    app = Flask(__name__)
    app.get("/")(lambda: "hello from a website")
    return app
