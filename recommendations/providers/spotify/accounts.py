"""Read how a person stands with Spotify, for pages. Nothing here calls Spotify, and no token is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import ConnectedService
from privacy.purposes import Purpose
from privacy.selectors import consent_granted
from recommendations.models import SavedPlaylist
from recommendations.providers.spotify.config import PROVIDER, login_configured
from recommendations.providers.spotify.music import Music

SAVE, DEVICES, PLAY, TOP = (
    "playlist-modify-private",
    "user-read-playback-state",
    "user-modify-playback-state",
    "user-top-read",
)
SCOPES = (SAVE, DEVICES, PLAY)


@dataclass(frozen=True, slots=True)
class Account:
    """Tell what a page may offer: whether an account is connected, works, and may order by what is played most.

    `playlist_url` is the playlist that the music was saved as, empty when it was not; `playlist_outdated` says that
    other tracks have been found, or chosen, since.
    """

    connected: bool
    needs_reconnect: bool = False
    personal_order: bool = False
    playlist_url: str = ""
    playlist_outdated: bool = False


def connection_of(user: Any) -> ConnectedService | None:
    """Return a person's connection without its tokens."""
    return ConnectedService.objects.for_user(user).without_tokens().filter(provider=PROVIDER).first()


def account(user: Any, music: Music | None) -> Account | None:
    """Return how a person stands with Spotify, or None while nobody can log in to it here."""
    if not login_configured():
        return None
    service = connection_of(user)
    if service is None:
        return Account(connected=False)
    # A new notice asks again before the connection is used.
    lost = service.needs_reconnect or not consent_granted(user=user, purpose=Purpose.SPOTIFY_LINK)
    saved = None
    if music:
        saved = SavedPlaylist.objects.filter(user=user, filled_at__isnull=False, **music.source).first()
    return Account(
        connected=True,
        needs_reconnect=lost,
        personal_order=TOP in service.scopes,
        playlist_url=saved.url if saved else "",
        playlist_outdated=bool(saved and music and saved.track_ids != list(music.found())),
    )
