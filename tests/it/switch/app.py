"""A server of Python's standard library that does what a switch has to cope with; the file `version` says which it is."""

import base64
import hashlib
import json
import os
import signal
import struct
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

VERSION = Path("version").read_text().strip()
SIGNS = Path(os.environ["DATA_DIR"])
WAIT_S = 30
WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def wait_for(sign):
    """Waits until the test has put a file of this name into the data folder."""
    until = time.monotonic() + WAIT_S
    while not (SIGNS / sign).exists():
        if time.monotonic() > until:
            raise TimeoutError(sign)
        time.sleep(0.01)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/headers":
            self.answer(json.dumps({name.lower(): value for name, value in self.headers.items()}))
        elif self.path == "/slow":
            (SIGNS / "slow-began").touch()
            wait_for("slow-may-end")
            self.answer(VERSION)
        elif self.path == "/stream":
            self.begin_pieces()
            self.piece(b"first")
            wait_for("stream-may-go-on")
            self.piece(b"second")
            self.piece(b"")
        elif self.path == "/ws":
            self.become_websocket()
        elif self.path == "/hang-up":
            self.close_connection = True
        else:
            self.answer(VERSION)

    def do_POST(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            return self.take_pieces()
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def begin_pieces(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def piece(self, content):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))

    def take_pieces(self):
        body = b""
        while length := int(self.rfile.readline(), 16):
            body += self.rfile.read(length)
            self.rfile.readline()
            (SIGNS / "piece-came").touch()
        self.rfile.readline()
        self.answer(body)

    def become_websocket(self):
        key = self.headers["Sec-WebSocket-Key"].encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        proof = base64.b64encode(hashlib.sha1(key + WEBSOCKET_GUID).digest())
        self.send_header("Sec-WebSocket-Accept", proof.decode())
        self.end_headers()
        self.close_connection = True
        while message := self.message():
            text = f"{VERSION}: ".encode() + message
            self.wfile.write(struct.pack("!BBH", 0x81, 126, len(text)) + text)

    def message(self):
        """The content of the next text message, up to 64 KiB; nothing at the end."""
        head = self.rfile.read(2)
        if len(head) < 2 or head[0] & 0x0F != 1:
            return None
        length = head[1] & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self.rfile.read(2))
        mask, content = self.rfile.read(4), self.rfile.read(length)
        return bytes(byte ^ mask[at % 4] for at, byte in enumerate(content))

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


if VERSION == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("serving", VERSION, flush=True)
Server((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
