import os

from flask import Flask, send_from_directory

PAGES = os.path.join(os.path.dirname(__file__), "client", "dist")
app = Flask(__name__)


@app.route("/")
def index():
    return send_from_directory(PAGES, "index.html")
