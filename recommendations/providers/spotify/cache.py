"""Read and clear what Spotify told us of tracks. Nothing here calls Spotify: pages and sweepers may use it freely."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.utils import timezone

from recommendations.models import Recommendation, SavedPlaylist, SessionTrack, SpotifyTrack
from recommendations.providers.spotify.config import EMBED_HOST, app_configured
from recommendations.providers.spotify.matching import Match

logger = structlog.get_logger(__name__)

# What was not found may be there tomorrow: asked again sooner than what was.
NOT_FOUND_DAYS = 7
# Sets and sessions that were begun so lately are looked after by the sweeper.
SWEPT = datetime.timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Shown:
    """Hold what a page shows of a track on Spotify, with the way back there."""

    uri: str
    name: str
    artists: str
    image_url: str

    @property
    def url(self) -> str:
        """Return the track's page at Spotify."""
        return f"{EMBED_HOST}/track/{self._id}"

    @property
    def embed_url(self) -> str:
        """Return the address of Spotify's player for it."""
        return f"{EMBED_HOST}/embed/track/{self._id}"

    @property
    def _id(self) -> str:
        return self.uri.rpartition(":")[2]


def shown(track_ids: Iterable[int]) -> dict[int, Shown]:
    """Return what is known of tracks, by their ids; those that are not resolved are left out. One query."""
    if not app_configured():
        return {}
    rows = SpotifyTrack.objects.filter(track__in=list(track_ids), expires_at__gt=timezone.now()).exclude(uri="")
    return {row.track_id: Shown(row.uri, row.name, ", ".join(row.artists), row.image_url) for row in rows}


def unresolved(track_ids: Iterable[int]) -> list[int]:
    """Return which of the tracks Spotify has to be asked about, in the order given."""
    wanted = list(dict.fromkeys(track_ids))
    known = set(
        SpotifyTrack.objects.filter(track__in=wanted, expires_at__gt=timezone.now()).values_list("track", flat=True)
    )
    return [track_id for track_id in wanted if track_id not in known]


def recent_track_ids() -> list[int]:
    """Return the tracks of the sets and sessions that were begun lately, the newest set first."""
    since = timezone.now() - SWEPT
    recommended = Recommendation.objects.filter(recommendation_set__created_at__gt=since)
    along = SessionTrack.objects.filter(session__created_at__gt=since)
    return [
        *recommended.order_by("-recommendation_set__created_at", "rank").values_list("track", flat=True),
        *along.order_by("-session__created_at", "rank").values_list("track", flat=True),
    ]


def track_record(*, track_id: int, match: Match | None) -> None:
    """Store what was found for a track, or that nothing was."""
    now = timezone.now()
    days = settings.SPOTIFY_CACHE_DAYS if match else NOT_FOUND_DAYS
    values = {"uri": "", "name": "", "artists": [], "image_url": "", "score": 0.0} if match is None else _values(match)
    expires_at = now + datetime.timedelta(days=days)
    SpotifyTrack.objects.update_or_create(
        track_id=track_id, defaults={**values, "fetched_at": now, "expires_at": expires_at}
    )


def _values(match: Match) -> dict[str, object]:
    found = match.candidate
    return {
        "uri": found.uri,
        "name": found.name[:400],
        "artists": list(found.artists),
        "image_url": found.image_url,
        "score": match.score,
    }


def cache_purge() -> int:
    """Delete what is past its term; return how many rows."""
    deleted, _ = SpotifyTrack.objects.filter(expires_at__lte=timezone.now()).delete()
    playlists, _ = SavedPlaylist.objects.filter(expires_at__lte=timezone.now()).delete()
    logger.info("spotify_purged", rows=deleted, playlists=playlists)
    return deleted + playlists
