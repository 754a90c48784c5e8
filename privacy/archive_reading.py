"""Read an archive that `privacy.archive` wrote, as carefully as any file that a stranger sends."""

from __future__ import annotations

import hashlib
import json
import zipfile
from typing import IO, Any

from mood_music.errors import UserError
from privacy.archive import FORMAT

# What a small file may unpack to: far more than years of readings, far less than the machine's memory.
MAX_UNPACKED = 256 * 1024 * 1024
MAX_ONE = 64 * 1024 * 1024


class ArchiveReader:
    """Give out what an archive holds, once its manifest and its checksums were verified."""

    def __init__(self, file: IO[bytes]) -> None:
        """Open an archive. Raises UserError for anything that is none of ours, damaged, changed or too large."""
        try:
            self._zip = zipfile.ZipFile(file)
            infos = {info.filename: info for info in self._zip.infolist()}
            if sum(info.file_size for info in infos.values()) > MAX_UNPACKED:
                raise UserError("archive_too_large")
            manifest = json.loads(self._read(infos["manifest.json"]))
            if manifest["format"] != FORMAT:
                raise UserError("bad_archive")
            self._files = {str(entry["path"]): self._verified(infos, entry) for entry in manifest["files"]}
        except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, NotImplementedError) as error:
            raise UserError("bad_archive") from error

    def _read(self, info: zipfile.ZipInfo) -> bytes:
        # The sizes in a ZIP's directory are only claims: read no more than allowed, whatever they say.
        with self._zip.open(info) as packed:
            data = packed.read(MAX_ONE + 1)
        if len(data) > MAX_ONE:
            raise UserError("archive_too_large")
        return data

    def _verified(self, infos: dict[str, zipfile.ZipInfo], entry: dict[str, Any]) -> zipfile.ZipInfo:
        info = infos[entry["path"]]
        if hashlib.sha256(self._read(info)).hexdigest() != entry["sha256"]:
            raise UserError("bad_archive")
        return info

    def rows(self, category: str, model: str) -> list[dict[str, Any]]:
        """Return the rows of one table; none when the archive has no such table. Raises UserError if they are none."""
        info = self._files.get(f"data/{category}/{model}.json")
        try:
            rows = json.loads(self._read(info)) if info else []
        except ValueError as error:
            raise UserError("bad_archive") from error
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise UserError("bad_archive")
        return rows

    def media(self, path: str) -> bytes | None:
        """Return a picture, or None when the archive says that it was missing."""
        info = self._files.get(path) if path.startswith("media/") else None
        return self._read(info) if info else None
