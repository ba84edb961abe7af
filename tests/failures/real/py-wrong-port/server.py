import os
from http.server import SimpleHTTPRequestHandler, HTTPServer


def run(host, port):
    HTTPServer((host, port), SimpleHTTPRequestHandler).serve_forever()


run("127.0.0.1", port=18479)
