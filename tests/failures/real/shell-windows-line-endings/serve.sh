#!/usr/bin/env bash
exec python3 -m http.server $PORT
