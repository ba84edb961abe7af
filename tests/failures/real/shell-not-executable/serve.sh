#!/bin/sh
for variable in HOST PORT; do
    eval "value=\$$variable"
    [ -n "$value" ] || { echo "$variable is not set"; exit 1; }
done
python3 -m http.server "$PORT" --bind "$HOST" &
wait
