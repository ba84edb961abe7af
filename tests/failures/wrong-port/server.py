"""Listens on the right address but chooses a port by itself."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

HTTPServer((os.environ["HOST"], 0), BaseHTTPRequestHandler).serve_forever()
