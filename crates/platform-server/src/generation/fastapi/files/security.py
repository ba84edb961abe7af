"""Passwords: only a salted hash is kept, and nothing brings the password back."""

import base64
import hashlib
import hmac
import os
from typing import Any


def hash_password(password: str) -> str:
    """Return what may be stored for a password."""
    salt = os.urandom(16)
    digest = derive(password, salt)
    return f"{base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify_password(password: str, stored: str) -> bool:
    """Say whether a password is the one that was stored."""
    salt, digest = (base64.b64decode(part) for part in stored.split("$"))
    return hmac.compare_digest(derive(password, salt), digest)


def derive(password: str, salt: bytes) -> bytes:
    """Return a digest that is slow to guess a password from."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def hash_passwords(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the values with a hash in place of each password among them."""
    hashed = dict(values)
    for name in names:
        if name in hashed:
            password = hashed.pop(name)
            stored = None if password is None else hash_password(password)
            hashed[f"{name}_hash"] = stored
    return hashed
