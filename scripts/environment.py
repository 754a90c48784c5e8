"""Write `.env` from `.env.example` with secrets of its own, once: a file that exists is left alone."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What stands in .env.example where each copy needs a value that nobody else has.
PLACEHOLDER = "<generated>"


def main() -> int:
    """Write the file, readable by its owner only."""
    target = ROOT / ".env"
    lines = (ROOT / ".env.example").read_text().splitlines(keepends=True)
    text = "".join(line.replace(PLACEHOLDER, secrets.token_urlsafe(50)) for line in lines)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return 0
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    print("Wrote .env with a fresh secret key.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
