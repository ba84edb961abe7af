import os, socket
address = (os.environ["HOST"], int(os.environ["PORT"]))
first = socket.create_server(address, reuse_port=False)
second = socket.socket()
second.bind(address)
