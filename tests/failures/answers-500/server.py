"""Answers every request with an error."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500)
        self.send_header("Content-Length", "0")
        self.end_headers()


HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
