"""Keep the catalogue of the database ready for ranking, once in each process, until it changes.

A hundred thousand rows take seconds to load and milliseconds to rank. Whoever changes the catalogue draws a new
revision (`catalogue_changed`) in the same transaction; a process whose arrays carry another one loads them anew at the
next set. The revision is a random number, not a count: a transaction that is rolled back, or a database that is
restored, cannot bring an old one back with other tracks behind it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

from django.db.models import QuerySet

from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.models import CatalogueRevision, Track

_COLUMNS = (
    "pk",
    "title",
    "artist",
    "year",
    "genres",
    "language",
    "instrumental",
    "explicit",
    "valence",
    "arousal",
    "rated_by",
)
_THE_ROW = 1


class _Shelf:
    """Hold the last catalogue that this process loaded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision: uuid.UUID | None = None
        self._catalogue = Catalogue([])

    def take(self, revision: uuid.UUID) -> Catalogue:
        """Return the catalogue of a revision; only one thread loads it."""
        with self._lock:
            if self._revision != revision:
                self._catalogue, self._revision = _read(), revision
            return self._catalogue


_shelf = _Shelf()


def catalogue_load() -> Catalogue:
    """Return the whole catalogue that all share, ready for ranking; the keys are the tracks' row ids.

    Without a revision nobody has announced any track, so nothing may be kept.
    """
    revision = CatalogueRevision.objects.filter(pk=_THE_ROW).values_list("token", flat=True).first()
    return _shelf.take(revision) if revision else _read()


def catalogue_changed() -> None:
    """Draw a new revision. Belongs into the transaction that changes tracks."""
    CatalogueRevision.objects.update_or_create(pk=_THE_ROW, defaults={"token": uuid.uuid4()})


def catalogue_tracks(rows: QuerySet[Track]) -> Iterator[CatalogueTrack]:
    """Return rows as the catalogue holds them, one by one; the keys are their row ids."""
    values = rows.order_by("pk").values_list(*_COLUMNS)
    for pk, title, artist, year, genres, *rest in values.iterator(chunk_size=5000):
        yield CatalogueTrack(pk, title, artist, year, tuple(genres), *rest)


def _read() -> Catalogue:
    return Catalogue(catalogue_tracks(Track.objects.shared()))
