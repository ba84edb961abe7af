WSGI_APPLICATION = "core.wsgi.application"
STATIC_ROOT = "x"
