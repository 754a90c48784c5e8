"""Bring in what a person exported of her own playlists: hers alone, for a time, and gone when she says so.

Her tracks stand beside the catalogue in her own sets and sessions and in nobody else's (`selectors.listener_of`).
Spotify's terms ask that what comes from there expires, so they last as long as anything else that does.
"""

from __future__ import annotations

import datetime
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from mood_music.errors import UserError
from recommendations import sessions
from recommendations.circumplex import Point
from recommendations.exportify import Song, parse_export
from recommendations.models import Recommendation, Track

logger = structlog.get_logger(__name__)

RATED_BY = "exportify"
MOST_TRACKS = 1000
"""How many tracks one person may have here: each set reads them all."""
MOST_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Brought:
    """Tell what an import did: tracks that are new or renewed, how many the catalogue has, and what was left out."""

    tracks: int
    in_catalogue: int
    left_out: tuple[str, ...]
    tells_explicit: bool


def own_music_import(*, user: Any, file: IO[bytes]) -> Brought:
    """Bring an export in. What was there already is renewed, so that a playlist may be brought again at any time.

    A song lies where the catalogue has it, else where the file says; without either it is left out, and told.
    Raises CatalogueError for a file that is no export, UserError for one that is too large or holds too many songs.
    """
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise UserError("own_music_too_large", status=413)
    found = parse_export(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=""))
    places = _catalogue_places(found.songs)
    left_out, rows = list(found.faults), []
    expires_at = timezone.now() + datetime.timedelta(days=settings.SPOTIFY_CACHE_DAYS)
    for song in found.songs:
        place = places.get(song.key, song.place)
        if place is None:
            left_out.append(f"{song.title}, {song.artist}: not in our catalogue, and the file does not say its mood.")
        else:
            rows.append(_row(user, song, place, expires_at))
    with transaction.atomic():
        # The person's row is the lock: of two files at once, the second counts what the first brought.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        kept = Track.objects.filter(owner=user).exclude(key__in=[row.key for row in rows]).count()
        if kept + len(rows) > MOST_TRACKS:
            raise UserError("own_music_full", status=409)
        Track.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["owner", "key"], update_fields=_RENEWED, batch_size=500
        )
    logger.info("own_music_imported", tracks=len(rows), left_out=len(left_out))
    return Brought(len(rows), len(places), tuple(left_out), found.tells_explicit)


_RENEWED = ["title", "artist", "year", "genres", "instrumental", "explicit", "valence", "arousal", "expires_at"]


def _catalogue_places(songs: tuple[Song, ...]) -> Mapping[str, Point]:
    shared = Track.objects.shared().filter(key__in=[song.key for song in songs])
    return {key: Point(valence, arousal) for key, valence, arousal in shared.values_list("key", "valence", "arousal")}


def _row(user: Any, song: Song, place: Point, expires_at: datetime.datetime) -> Track:
    return Track(
        owner=user,
        expires_at=expires_at,
        key=song.key,
        title=song.title,
        artist=song.artist,
        year=song.year,
        genres=list(song.genres),
        language="",
        instrumental=song.instrumental,
        explicit=song.explicit,
        valence=place.valence,
        arousal=place.arousal,
        rated_by=RATED_BY,
    )


def own_music_delete(*, user_id: int) -> None:
    """Delete all that a person brought, also where it stands in her sets and sessions. Safe to run again."""
    _delete(Track.objects.filter(owner=user_id))


def past_term() -> QuerySet[Track]:
    """Return the tracks whose time is over."""
    return Track.objects.filter(expires_at__lte=timezone.now())


def own_music_expire() -> int:
    """Delete what is past its term; return how many tracks that were."""
    return _delete(past_term())


@transaction.atomic
def _delete(tracks: QuerySet[Track]) -> int:
    # By their ids, so that a track which expires meanwhile is not half deleted.
    gone = Track.objects.filter(pk__in=list(tracks.values_list("pk", flat=True)))
    Recommendation.objects.filter(track__in=gone).delete()
    sessions.tracks_forget(tracks=gone)
    count = gone.count()
    gone.delete()
    return count
