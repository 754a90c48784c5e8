"""Take artifacts from outside. Whoever made the file is not believed: nothing in it is opened before it is weighed.

An artifact comes as a folder of its three files or as a ZIP file of them, at its top. What its card says of figures is
not taken over: a version is measured here before it can read.
"""

from __future__ import annotations

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from emotion.models import ModelVersion
from emotion.versions.selectors import version_folder
from emotion.versions.services import version_from_artifact
from ml import artifacts
from ml.errors import ArtifactError

NAMES = frozenset((*artifacts.FILES, "manifest.json"))
MOST_BYTES = {"model.keras": 64_000_000, "card.json": 2_000_000, "manifest.json": 10_000}
"""How large each file may be: some ten times what this project's own network takes."""

_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError, NotImplementedError,
)  # fmt: skip
"""What a damaged or hostile ZIP file makes Python's reader raise."""


def version_import(*, source: Path, actor: Any) -> ModelVersion:
    """Make a candidate of an artifact in a folder or ZIP file. Raises ArtifactError, or UserError when it is known."""
    if source.is_dir():
        return _import_folder(source, actor)
    try:
        with source.open("rb") as file:
            return version_import_zip(file=file, actor=actor)
    except OSError as error:
        raise ArtifactError(f"{source} cannot be read: {error.strerror}") from error


def version_import_zip(*, file: IO[bytes], actor: Any) -> ModelVersion:
    """Make a candidate of an artifact in an open ZIP file. Raises as `version_import` does."""
    with _scratch() as folder:
        _unpack(file, folder)
        return version_from_artifact(folder=folder, origin=ModelVersion.Origin.IMPORTED, actor=actor)


def version_export(*, version: ModelVersion, target: Path) -> None:
    """Write a version's artifact: a ZIP file where the target ends so, a folder otherwise.

    Raises ArtifactError when the version's files are damaged, or the target is there already or cannot be written.
    """
    folder = version_folder(version)
    artifacts.check(folder)
    if target.exists():
        raise ArtifactError(f"{target} is there already")
    try:
        if target.suffix == ".zip":
            with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
                for name in sorted(NAMES):
                    archive.write(folder / name, name)
        else:
            artifacts.copy(folder, target)
    except OSError as error:
        raise ArtifactError(f"{target} cannot be written: {error.strerror}") from error


def _import_folder(source: Path, actor: Any) -> ModelVersion:
    found = {path.name for path in source.iterdir()}
    _names_require(sorted(found))
    with _scratch() as folder:
        for name in NAMES:
            path = source / name
            if path.is_symlink() or not path.is_file():
                raise ArtifactError(f"{name} is no plain file")
            _weigh(name, path.stat().st_size)
            shutil.copyfile(path, folder / name)
        return version_from_artifact(folder=folder, origin=ModelVersion.Origin.IMPORTED, actor=actor)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mood-import-") as folder:
        yield Path(folder)


def _unpack(file: IO[bytes], folder: Path) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            # The names are compared with three that are known, so that none can lead out of the folder.
            _names_require([entry.filename for entry in entries])
            for entry in entries:
                kind = stat.S_IFMT(entry.external_attr >> 16)
                if kind not in {0, stat.S_IFREG} or entry.flag_bits & 1:
                    raise ArtifactError(f"{entry.filename} is no plain file")
                _weigh(entry.filename, entry.file_size)
                with archive.open(entry) as packed, (folder / entry.filename).open("xb") as unpacked:
                    # The size above is what the file says of itself.
                    content = packed.read(MOST_BYTES[entry.filename] + 1)
                    _weigh(entry.filename, len(content))
                    unpacked.write(content)
    except _BROKEN as error:
        raise ArtifactError(f"the file is no ZIP file that can be read: {error}") from error


def _names_require(names: list[str]) -> None:
    if len(names) != len(NAMES) or set(names) != NAMES:
        raise ArtifactError(f"an artifact has exactly these files: {', '.join(sorted(NAMES))}")


def _weigh(name: str, size: int) -> None:
    if size > MOST_BYTES[name]:
        raise ArtifactError(f"{name} has more than {MOST_BYTES[name]:,} bytes")
