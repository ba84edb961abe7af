#!/usr/bin/env bash
# Plays a conversation to `backend-im mcp` and prints what it answers. A line that asks something is followed by the next
# one only when it is answered, as an agent would wait: a server may take calls that come together in any order.
#
#   play.sh [PROGRAM [SESSION]]
#
# The workspace and the platform's home are a folder of this run's own, which is gone afterwards.
set -euo pipefail
program=$(command -v "${1:-backend-im}")
program=$(realpath "$program")
session=$(realpath "${2:-$(dirname "$0")/session.jsonl}")
folder=$(mktemp -d)
export BACKEND_IM_HOME=$folder/home
mkdir "$folder/workspace"
cd "$folder/workspace"
trap '"$program" platform stop >&2; rm -rf "$folder"' EXIT

coproc server { exec "$program" mcp; }
while IFS= read -r line; do
    printf '%s\n' "$line" >&"${server[1]}"
    [[ $line == *'"id":'* ]] || continue
    while IFS= read -r -u "${server[0]}" answer; do
        printf '%s\n' "$answer"
        # What has a method is a notification on the way to the answer.
        [[ $answer == *'"method":'* ]] || break
    done
done <"$session"
