"""Remember that something was erased, without remembering of whom, so that a restored backup cannot bring it back.

One small file each, in a folder apart from the database's backups. A tombstone names what it is about by the SHA-256
of a random public id: whoever holds a backup can find the row that it stands for, and nobody else learns anything.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from django.conf import settings
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Hold one erasure: its kind (account, data, category, one, withdrawal), what it is about, and when it was."""

    kind: str
    ref: str
    name: str
    at: str

    @property
    def moment(self) -> datetime.datetime:
        """Return when it was written."""
        return datetime.datetime.fromisoformat(self.at)


def ref_of(public_id: str) -> str:
    """Return the digest by which tombstones name a public id."""
    return hashlib.sha256(f"tombstone:{uuid.UUID(public_id)}".encode()).hexdigest()


def tombstone_write(*, kind: str, ref: str, name: str = "") -> Tombstone:
    """Write a tombstone for a public id; the newest one of its kind and name replaces older ones."""
    stone = Tombstone(kind, ref_of(ref), name, timezone.now().isoformat())
    folder = settings.TOMBSTONES_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{kind}-{name or 'all'}-{stone.ref}.json"
    part = path.with_suffix(f".{uuid.uuid4().hex}.part")
    with part.open("w") as file:
        json.dump(asdict(stone), file, sort_keys=True)
        file.flush()
        # It has to outlive the machine that is about to delete the rows.
        os.fsync(file.fileno())
    part.replace(path)
    return stone


def tombstones() -> Iterator[Tombstone]:
    """Yield every tombstone, the oldest first."""
    stones = [Tombstone(**json.loads(path.read_text())) for path in settings.TOMBSTONES_DIR.glob("*.json")]
    yield from sorted(stones, key=lambda stone: stone.at)
