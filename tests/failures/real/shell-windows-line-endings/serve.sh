#!/usr/bin/env bash
for variable in HOST PORT; do
    eval "value=\$$variable"
    [ -n "$value" ] || exit 1
done
python3 -m http.server "$PORT" --bind "$HOST" &
wait
