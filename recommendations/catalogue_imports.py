"""Bring the catalogue in line with a file: first as a comparison that changes nothing, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from recommendations.catalogue import CatalogueTrack, read_catalogue, track_key
from recommendations.catalogue_cache import catalogue_changed
from recommendations.models import CatalogueRevision, Track
from recommendations.ratings import RATED_BY

PLAIN = ("title", "artist", "year", "language", "instrumental", "explicit", "valence", "arousal", "rated_by")
RATING = frozenset({"valence", "arousal", "rated_by"})


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold what one column of a known track is and would become."""

    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Changed:
    """Hold a known track that a file describes otherwise."""

    track: Track
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold what an import would do. Nothing is ever removed."""

    created: tuple[CatalogueTrack, ...]
    changed: tuple[Changed, ...]
    unchanged: int


@dataclass(frozen=True, slots=True)
class Imported:
    """Count what an import did."""

    created: int
    updated: int
    unchanged: int


def catalogue_compare(*, rows: Iterable[CatalogueTrack]) -> Comparison:
    """Return what an import of these rows would add and change."""
    known = {track.key: track for track in Track.objects.shared()}
    created, changed, unchanged = [], [], 0
    for row in rows:
        track = known.get(track_key(row.title, row.artist))
        if track is None:
            created.append(row)
        elif differences := tuple(_differences(track, _values(row))):
            changed.append(Changed(track, differences))
        else:
            unchanged += 1
    return Comparison(tuple(created), tuple(changed), unchanged)


def catalogue_import(*, path: Path) -> Imported:
    """Import a file. Raises CatalogueError with every fault of it, and OSError when it cannot be opened."""
    return rows_import(rows=read_catalogue(path))


@transaction.atomic
def rows_import(*, rows: Iterable[CatalogueTrack]) -> Imported:
    """Add new recordings, update known ones, remove none: all or nothing."""
    found = catalogue_compare(rows=rows)
    Track.objects.bulk_create(Track(key=track_key(row.title, row.artist), **_values(row)) for row in found.created)
    for changed in found.changed:
        for difference in changed.differences:
            setattr(changed.track, difference.column, difference.new)
    Track.objects.bulk_update([changed.track for changed in found.changed], [*PLAIN, "genres"])
    if found.created or found.changed or not CatalogueRevision.objects.exists():
        catalogue_changed()
    return Imported(len(found.created), len(found.changed), found.unchanged)


def _values(row: CatalogueTrack) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PLAIN} | {"genres": list(row.genres)}


def _differences(track: Track, values: Mapping[str, Any]) -> Iterable[Difference]:
    for name, new in values.items():
        # What people corrected outlives an import, as does their correction at the next start of the site.
        if name in RATING and track.rated_by == RATED_BY:
            continue
        old = getattr(track, name)
        if old != new:
            yield Difference(name, old, new)
