#!/usr/bin/env bash
# Makes a desktop bundle: bundle.sh PROGRAM BUNDLE. The program runs only on systems like the one that it was built for.
set -euo pipefail
program=$1 bundle=$2
here=$(cd "$(dirname "$0")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/manifest.json" "$work"
install -D -m 755 "$program" "$work/server/backend-im"
# Python's zip keeps the mode of a file; so no other tool is needed.
(cd "$work" && python3 -m zipfile -c bundle.zip manifest.json server)
mv "$work/bundle.zip" "$bundle"
