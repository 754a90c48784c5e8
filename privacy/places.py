"""Where traces of a person could lie outside the models: files that processes write, the queue, the cache."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from django.conf import settings

from privacy.registry import Place
from privacy.subjects import Subject


def _holds(data: bytes, subject: Subject) -> bool:
    folded = data.lower()
    return any(needle.lower().encode() in folded for needle in subject.needles)


def mail_files() -> Iterator[Path]:
    """Yield the mails that were written to files."""
    folder = getattr(settings, "EMAIL_FILE_PATH", None)
    if folder and Path(folder).is_dir():
        yield from Path(folder).glob("*.log")


def mail_erase(subject: Subject) -> None:
    """Delete the mails that were written to files in place of being sent."""
    for path in mail_files():
        if _holds(path.read_bytes(), subject):
            path.unlink(missing_ok=True)


def mail_residue(subject: Subject) -> list[str]:
    """Return whether such a mail is left."""
    return ["mail in files"] if any(_holds(path.read_bytes(), subject) for path in mail_files()) else []


def _log_files() -> Iterator[Path]:
    for pattern in ("*.log", "logs/**/*.log", "logs/**/*.jsonl"):
        yield from settings.DATA_DIR.glob(pattern)


def logs_residue(subject: Subject) -> list[str]:
    """Return which log files name the person. None ever should: logs hold row ids only."""
    return [f"log {path.name}" for path in sorted(_log_files()) if _file_holds(path, subject)]


def _file_holds(path: Path, subject: Subject) -> bool:
    # By line: a log may be larger than memory.
    with path.open("rb") as lines:
        return any(_holds(line, subject) for line in lines)


def logs_erase(subject: Subject) -> None:
    """Rewrite the log files that name the person without those lines."""
    for path in _log_files():
        if _file_holds(path, subject):
            kept = [line for line in path.read_bytes().splitlines(keepends=True) if not _holds(line, subject)]
            path.write_bytes(b"".join(kept))


def _queue() -> Any:
    """Return a client of the Redis that carries the queue, or None where the queue is in this process's memory."""
    return None if settings.CELERY_BROKER_URL.startswith("memory:") else redis.Redis.from_url(settings.REDIS_URL)


def _values(client: Any, key: bytes) -> Iterator[bytes]:
    match client.type(key):
        case b"string":
            yield client.get(key) or b""
        case b"list":
            yield from client.lrange(key, 0, -1)
        case b"set":
            yield from client.smembers(key)
        case b"zset":
            yield from client.zrange(key, 0, -1)
        case b"hash":
            for name, value in client.hgetall(key).items():
                yield name
                yield value


def _unpacked(value: bytes) -> bytes:
    """Return a queue message with its body, which Celery hides in base64, in plain text."""
    try:
        message = json.loads(value)
        body = message[0]["body"] if isinstance(message, list) else message["body"]
        return value + base64.b64decode(body)
    except (ValueError, KeyError, TypeError, IndexError, binascii.Error):
        return value


def queue_residue(subject: Subject) -> list[str]:
    """Return which Redis keys name the person. None ever should: messages hold row ids only."""
    client = _queue()
    if client is None:
        return []
    with client:
        return [
            f"Redis key of type {client.type(key).decode()}"
            for key in client.scan_iter(count=500)
            if _holds(key, subject) or any(_holds(_unpacked(value), subject) for value in _values(client, key))
        ]


def queue_erase(subject: Subject) -> None:
    """Delete the Redis keys that name the person; the queue's own lists are left, their messages hold ids only."""
    client = _queue()
    if client is None:
        return
    with client:
        for key in client.scan_iter(count=500):
            named = _holds(key, subject)
            if named or (client.type(key) == b"string" and any(_holds(v, subject) for v in _values(client, key))):
                client.delete(key)


QUEUE = Place(name="the queue (Redis)", erase=queue_erase, residue=queue_residue)
LOGS = Place(name="log files", erase=logs_erase, residue=logs_residue)
MAIL_FILES = Place(name="mails written to files", erase=mail_erase, residue=mail_residue)
