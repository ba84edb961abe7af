import os

SECRET_KEY = "for a test only"
ROOT_URLCONF = "config.urls"
INSTALLED_APPS = []
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(os.environ.get("DATA_DIR", "."), "db.sqlite3"),
    }
}
