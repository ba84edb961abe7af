import os
from http.server import HTTPServer, SimpleHTTPRequestHandler

import click


@click.group()
def cli():
    pass


@cli.command()
def serve():
    address = (os.environ["HOST"], int(os.environ["PORT"]))
    HTTPServer(address, SimpleHTTPRequestHandler).serve_forever()


@cli.command()
def stock():
    click.echo("words")
