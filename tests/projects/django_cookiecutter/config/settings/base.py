WSGI_APPLICATION = "config.wsgi.application"
STATIC_ROOT = "/srv/static"
