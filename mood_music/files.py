"""Keep files and rows in step: no file without its row, no row without its file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models.fields.files import FieldFile


@contextmanager
def store(field: FieldFile, content: ContentFile[bytes]) -> Iterator[None]:
    """Write a file for the row that the block saves, and remove it when the block or the disk fails."""
    field.save("unnamed", content, save=False)
    try:
        yield
    except BaseException:
        default_storage.delete(field.name or "")
        raise


def delete_after_commit(name: str | None) -> None:
    """Delete a stored file once the transaction that let go of it is safe."""
    if name:
        transaction.on_commit(lambda: default_storage.delete(name))
