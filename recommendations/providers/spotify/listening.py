"""What a person asks of her own account: save music, play it, order it by what she plays most."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from mood_music.errors import UserError
from recommendations.models import Recommendation, RecommendationSet, SavedPlaylist
from recommendations.providers.spotify.cache import Shown, shown
from recommendations.providers.spotify.client import Device, Playlist, SpotifyClient, TopTrack
from recommendations.providers.spotify.connections import as_person
from recommendations.providers.spotify.errors import NoDevice, Refused
from recommendations.providers.spotify.music import Music

logger = structlog.get_logger(__name__)

# Longer than the two calls may take together, with a refresh before each.
CLAIM = datetime.timedelta(minutes=2)


def playlist_save(*, user: Any, music: Music) -> SavedPlaylist:
    """Save music as a private playlist, once: pressing twice, or again after a failure, makes no second one.

    A path that has changed since is set as the new content of the same playlist. Neither name nor description tells
    the mood. Raises SpotifyError; UserError while it is being saved already, or when no track was found there.
    """
    found = _found(music)
    saved = _claimed(user=user, music=music, track_ids=list(found))
    if saved.claim_token is None:
        return saved
    mine = SavedPlaylist.objects.filter(pk=saved.pk, claim_token=saved.claim_token)
    try:
        if not saved.playlist_id:
            made = as_person(user=user, call=_create)
            saved.playlist_id, saved.url = made.id, made.url
            mine.update(playlist_id=made.id, url=made.url)
        _fill(user=user, saved=saved, found=found, mine=mine)
    finally:
        mine.update(claim_token=None, claimed_until=None)
    logger.info("playlist_saved", playlist=saved.pk, tracks=len(found))
    return saved


def _create(client: SpotifyClient) -> Playlist:
    day = date_format(timezone.localdate(), "j F Y")
    return client.playlist_create(f"Mood Music, {day}", "Saved from Mood Music.")


def _fill(*, user: Any, saved: SavedPlaylist, found: dict[int, str], mine: Any) -> None:
    try:
        as_person(user=user, call=lambda client: client.playlist_set(saved.playlist_id, list(found.values())))
    except Refused:
        # Deleted at Spotify: the next attempt makes a new one.
        mine.update(playlist_id="", url="", filled_at=None)
        raise
    saved.filled_at = timezone.now()
    mine.update(filled_at=saved.filled_at, track_ids=list(found))


@transaction.atomic
def _claimed(*, user: Any, music: Music, track_ids: list[int]) -> SavedPlaylist:
    """Return the row of some music, claimed unless it holds these tracks already.

    Raises UserError (409) while somebody else holds the claim.
    """
    now = timezone.now()
    expires_at = now + datetime.timedelta(days=settings.SPOTIFY_CACHE_DAYS)
    SavedPlaylist.objects.get_or_create(**music.source, defaults={"user": user, "expires_at": expires_at})
    saved = SavedPlaylist.objects.select_for_update().get(**music.source)
    if saved.claimed_until and now < saved.claimed_until:
        raise UserError("spotify_saving", status=409)
    saved.claim_token = saved.claimed_until = None
    if not saved.filled_at or saved.track_ids != track_ids:
        saved.claim_token, saved.claimed_until = uuid.uuid4(), now + CLAIM
    saved.save(update_fields=["claim_token", "claimed_until"])
    return saved


def music_play(*, user: Any, music: Music) -> Device:
    """Play music on the device that is in use, or on the first one. Raises NoDevice, PremiumRequired, SpotifyError."""
    uris = list(_found(music).values())

    def play(client: SpotifyClient) -> Device:
        devices = client.devices()
        if not devices:
            raise NoDevice
        device = next((each for each in devices if each.active), devices[0])
        client.play(uris, device.id)
        return device

    return as_person(user=user, call=play)


def personal_order(*, user: Any, found: RecommendationSet) -> list[Recommendation]:
    """Return the rows of a set, what the person plays most first. Asked now, used now, kept nowhere."""
    top = as_person(user=user, call=lambda client: client.top_tracks())
    rows = list(found.recommendations.select_related("track"))
    on_spotify = shown(row.track_id for row in rows)
    return sorted(rows, key=lambda row: (-familiarity(on_spotify.get(row.track_id), top), row.rank))


def familiarity(track: Shown | None, top: list[TopTrack]) -> float:
    """Return how well a person knows a track: 2 for one that she plays much, up to 1 for its artist."""
    if track is None:
        return 0.0
    if any(one.uri == track.uri for one in top):
        return 2.0
    artists = {name.casefold() for name in track.artists.split(", ")}
    shares = (1 / position for position, one in enumerate(top, 1) if artists & {n.casefold() for n in one.artists})
    return min(1.0, sum(shares))


def _found(music: Music) -> dict[int, str]:
    """Return the music's tracks as Spotify names them. Raises UserError (409) when none was found there."""
    found = music.found()
    if not found:
        raise UserError("spotify_nothing_found", status=409)
    return found
