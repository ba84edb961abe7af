"""Notes, one text file each in $DATA_DIR."""

import os
import re
from pathlib import Path

from flask import Flask, Response, abort, jsonify, request

NAME = re.compile(r"[a-z0-9-]{1,64}")
NOTE_BYTES_MAX = 64 * 1024


def create_app() -> Flask:
    """Makes the app; notes lie in a folder of their own."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = NOTE_BYTES_MAX
    folder = Path(os.environ.get("DATA_DIR", ".")) / "notes"
    folder.mkdir(parents=True, exist_ok=True)

    def place(name: str) -> Path:
        if not NAME.fullmatch(name):
            abort(400, "a name has up to 64 lower-case letters, digits and hyphens")
        return folder / f"{name}.txt"

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/")
    def list_notes() -> Response:
        return jsonify(sorted(path.stem for path in folder.glob("*.txt")))

    @app.get("/<name>")
    def read_note(name: str) -> Response:
        path = place(name)
        if not path.exists():
            abort(404, f"there is no note {name}")
        return Response(path.read_text(), mimetype="text/plain")

    @app.put("/<name>")
    def write_note(name: str) -> tuple[str, int]:
        place(name).write_text(request.get_data(as_text=True))
        return "", 204

    @app.delete("/<name>")
    def delete_note(name: str) -> tuple[str, int]:
        place(name).unlink(missing_ok=True)
        return "", 204

    return app
