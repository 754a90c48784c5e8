"""Write `.env` from `.env.example` with secrets of its own; add to one that exists the secrets it does not have yet."""

from __future__ import annotations

import os
import re
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# What stands in .env.example where each copy needs a value that nobody else has.
PLACEHOLDER = "<generated>"


def filled(line: str) -> str:
    """Return a line with a fresh secret in place of the placeholder."""
    return line.replace(PLACEHOLDER, secrets.token_urlsafe(50))


def main() -> int:
    """Write the file, readable by its owner only, or complete it; what stands in it is never changed."""
    target = ROOT / ".env"
    lines = (ROOT / ".env.example").read_text().splitlines(keepends=True)
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return complete(target, lines)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(filled(line) for line in lines)
    print("Wrote .env with fresh secrets.")
    return 0


def complete(target: Path, lines: list[str]) -> int:
    """Append the secrets that a newer version of the site needs."""
    text = target.read_text()
    present = set(re.findall(r"^\s*(?:export\s+)?(\w+)=", text, re.MULTILINE))
    secret_lines = [line for line in lines if re.match(rf"\w+={PLACEHOLDER}", line)]
    missing = [line for line in secret_lines if line.split("=")[0] not in present]
    if missing:
        with target.open("a") as file:
            file.write("" if text.endswith("\n") or not text else "\n")
            file.writelines(filled(line) for line in missing)
        print(f"Added to .env: {', '.join(line.split('=')[0] for line in missing)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
