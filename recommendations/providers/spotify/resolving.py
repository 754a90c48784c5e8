"""Find the tracks of the catalogue on Spotify with the app's own token: no person is part of it."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from django.core.cache import cache

from mood_music.fields import decrypt, encrypt
from recommendations.models import Track
from recommendations.providers.spotify import oauth
from recommendations.providers.spotify.cache import recent_track_ids, track_record, unresolved
from recommendations.providers.spotify.client import SpotifyClient
from recommendations.providers.spotify.errors import Paused, SpotifyError, Unauthorized
from recommendations.providers.spotify.matching import Match, best_match

logger = structlog.get_logger(__name__)

SWEEP_LIMIT = 16
_TOKEN_KEY = "spotify_app_token"  # noqa: S105 - the name of a place, no secret
# A token is not used in its last minute: it might end on its way.
_TOKEN_MARGIN = 60


def tracks_resolve(*, track_ids: Iterable[int]) -> int:
    """Ask Spotify for those of the tracks that it was not asked for lately; return how many were answered.

    Stops at the first failure: what is left waits for the sweeper, and the links to the search stay.
    """
    done = 0
    for track in Track.objects.filter(pk__in=unresolved(track_ids)):
        try:
            match = _match(track)
        except Paused as paused:
            logger.info("spotify_not_asked", retry_after=paused.retry_after)
            break
        except SpotifyError as error:
            logger.warning("spotify_resolve_failed", track_id=track.pk, error=type(error).__name__)
            break
        track_record(track_id=track.pk, match=match)
        done += 1
    return done


def recent_resolve() -> int:
    """Resolve what lately chosen tracks still lack, as after a pause; return how many were answered."""
    return tracks_resolve(track_ids=unresolved(recent_track_ids())[:SWEEP_LIMIT])


def _match(track: Track) -> Match | None:
    try:
        found = SpotifyClient(app_token(), background=True).search_tracks(track.title, track.artist)
    except Unauthorized:
        # The token ended before its time; a second refusal is a failure like any other.
        found = SpotifyClient(app_token(fresh=True), background=True).search_tracks(track.title, track.artist)
    return best_match(track.title, track.artist, track.year, found)


def app_token(*, fresh: bool = False) -> str:
    """Return the app's access token, from the cache unless a fresh one is asked for. Raises SpotifyError."""
    stored = None if fresh else cache.get(_TOKEN_KEY)
    if stored:
        return decrypt(stored)
    grant = oauth.app_grant(background=True)
    cache.set(_TOKEN_KEY, encrypt(grant.access_token), timeout=max(1, grant.seconds - _TOKEN_MARGIN))
    return grant.access_token
