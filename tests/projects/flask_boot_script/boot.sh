#!/bin/sh
set -e
echo "waiting for the database"
flask db upgrade
exec gunicorn -w 2 \
    -b 0.0.0.0:5000 run:app
