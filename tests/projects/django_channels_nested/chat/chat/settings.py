ASGI_APPLICATION = "chat.asgi.application"
