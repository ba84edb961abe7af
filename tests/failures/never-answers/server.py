"""Accepts every connection and says nothing on any."""

import os
import socket

listener = socket.create_server((os.environ["HOST"], int(os.environ["PORT"])))
held = []
while True:
    held.append(listener.accept())
