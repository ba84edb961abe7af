#!/bin/sh
set -e
echo "migrating"
alembic -c boats/alembic.ini upgrade head
exec uvicorn boats.web:app --port "$PORT"
