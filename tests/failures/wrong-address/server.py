"""Listens on the right port, but on an address of its own."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

HTTPServer(("127.0.0.2", int(os.environ["PORT"])), BaseHTTPRequestHandler).serve_forever()
