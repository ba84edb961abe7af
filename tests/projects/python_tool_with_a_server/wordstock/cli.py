import os
import random
from http.server import BaseHTTPRequestHandler, HTTPServer

import click

WORDS = ["lantern", "harbour", "thistle"]


class Word(BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"the word is {random.choice(WORDS)}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@click.group()
def cli():
    pass


@cli.command()
def serve():
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    HTTPServer(address, Word).serve_forever()


@cli.command()
def stock():
    click.echo("\n".join(WORDS))
