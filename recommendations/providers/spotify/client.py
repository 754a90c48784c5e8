"""Call the Web API through spotipy: only what a new app may call, every failure as one of our types.

spotipy's defaults are not safe here: its session sleeps out Retry-After for hours and sends a POST again. It gets a
plain session with time limits, and never a way to ask for a token by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
import spotipy
from django.conf import settings
from spotipy.exceptions import SpotifyException

from recommendations.providers.spotify import errors
from recommendations.providers.spotify.breaker import guarded
from recommendations.providers.spotify.config import IMAGE_HOST
from recommendations.providers.spotify.limits import rate_limit_of
from recommendations.providers.spotify.matching import Candidate

SEARCH_LIMIT = 10
TOP_LIMIT = 50
PLAYLIST_LIMIT = 100
TRACK_URI = re.compile(r"spotify:track:[0-9A-Za-z]{22}")
IMAGE_SIDE = 128
_ID = re.compile(r"[0-9A-Za-z]+")


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Device:
    """Describe a place where a person's account could play."""

    id: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Playlist:
    """Name a playlist and the page that shows it."""

    id: str
    url: str


@dataclass(frozen=True, slots=True)
class TopTrack:
    """Name a track that a person plays much, and its artists."""

    uri: str
    artists: tuple[str, ...]


class _Api(spotipy.Spotify):
    """Add the form of the call that a new app has to use: spotipy still sends a bare list."""

    def playlist_set(self, playlist_id: str, uris: list[str]) -> Any:
        """Make the tracks the whole content of a playlist; the same call again changes nothing."""
        return self._put(f"playlists/{playlist_id}/items", payload={"uris": uris})


class SpotifyClient:
    """Speak for one access token. Every method raises SpotifyError, and nothing else, when Spotify does not serve."""

    def __init__(self, access_token: str, *, background: bool = False) -> None:
        if not access_token:
            raise ValueError("a client without a token would ask for one on the terminal")
        self._background = background
        self._api = _Api(
            auth=access_token, requests_session=requests.Session(), requests_timeout=settings.SPOTIFY_TIMEOUT, retries=0
        )
        self._api.prefix = settings.SPOTIFY_API_URL

    def search_tracks(self, title: str, artist: str) -> list[Candidate]:
        """Return what the search finds for a recording, Spotify's order kept, at most ten."""
        query = f"track:{_quoted(title)} artist:{_quoted(artist)}"

        def read(answer: Any) -> list[Candidate]:
            items = answer["tracks"]["items"]
            return [_candidate(item) for item in items if item and TRACK_URI.fullmatch(item["uri"])]

        return self._read(lambda: self._api.search(q=query, type="track", limit=SEARCH_LIMIT), read)

    def account_id(self) -> str:
        """Return what names the account for good."""
        return self._read(self._api.me, lambda answer: str(answer["account_id"]))

    def top_tracks(self) -> list[TopTrack]:
        """Return what the person plays most, the most played first, at most fifty."""

        def read(answer: Any) -> list[TopTrack]:
            return [
                TopTrack(item["uri"], tuple(artist["name"] for artist in item["artists"])) for item in answer["items"]
            ]

        return self._read(lambda: self._api.current_user_top_tracks(limit=TOP_LIMIT), read)

    def devices(self) -> list[Device]:
        """Return where the person could play now; devices that take no commands are left out."""

        def read(answer: Any) -> list[Device]:
            usable = [each for each in answer["devices"] if each.get("id") and not each.get("is_restricted")]
            return [Device(str(each["id"]), str(each["name"]), bool(each["is_active"])) for each in usable]

        return self._read(self._api.devices, read)

    def play(self, uris: list[str], device_id: str) -> None:
        """Play the tracks on a device. Raises PremiumRequired or NoDevice when that is why it does not."""
        self._call(lambda: self._api.start_playback(device_id=device_id, uris=uris))

    def playlist_create(self, name: str, description: str) -> Playlist:
        """Make an empty private playlist."""

        def read(answer: Any) -> Playlist:
            if not _ID.fullmatch(answer["id"]):
                raise ValueError("the id of a playlist is letters and digits")
            return Playlist(answer["id"], f"https://open.spotify.com/playlist/{answer['id']}")

        call = self._api.current_user_playlist_create
        return self._read(lambda: call(name, public=False, collaborative=False, description=description), read)

    def playlist_set(self, playlist_id: str, uris: list[str]) -> None:
        """Make the tracks the content of a playlist, at most a hundred; the same call again changes nothing."""
        self._read(
            lambda: self._api.playlist_set(playlist_id, uris[:PLAYLIST_LIMIT]), lambda answer: answer["snapshot_id"]
        )

    def _read(self, call: Callable[[], Any], read: Callable[[Any], Answer]) -> Answer:
        """Make a call that has to answer with JSON, and read it. What has another form than it should is a failure."""
        with guarded(background=self._background):
            answer = _translated(call)
            try:
                return read(answer)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise errors.Unavailable from error

    def _call(self, call: Callable[[], Any]) -> None:
        """Make a call that answers with nothing."""
        with guarded(background=self._background):
            _translated(call)


def _translated(call: Callable[[], Any]) -> Any:
    """Return spotipy's answer (None for one without JSON), or raise what its error means."""
    try:
        return call()
    except SpotifyException as error:
        raise _meaning(error) from error
    except requests.RequestException as error:
        raise errors.Unavailable from error
    except AttributeError as error:
        # spotipy expects an error to be an object; a gateway's is a string.
        raise errors.Unavailable from error


_REASONS: dict[str, type[errors.Refused]] = {
    "PREMIUM_REQUIRED": errors.PremiumRequired,
    "NO_ACTIVE_DEVICE": errors.NoDevice,
}


def _meaning(error: SpotifyException) -> errors.SpotifyError:
    status, reason = error.http_status, str(error.reason or "")
    if status == requests.codes.too_many_requests:
        return rate_limit_of(error.headers, f"{reason} {error.msg}")
    if status == requests.codes.unauthorized:
        return errors.Unauthorized()
    if status >= requests.codes.server_error:
        return errors.Unavailable()
    return _REASONS.get(reason, errors.Refused)()


def _quoted(text: str) -> str:
    """Return a text as one value of a search filter; a query may have 250 characters in all."""
    return '"' + " ".join(text.replace('"', " ").split())[:100] + '"'


def _candidate(item: Any) -> Candidate:
    album = item["album"]
    year = str(album.get("release_date") or "")[:4]
    # Only from the host that the page's policy allows.
    known = [image for image in album.get("images") or [] if str(image.get("url")).startswith(f"{IMAGE_HOST}/")]
    images = sorted(known, key=lambda image: image.get("width") or 0)
    # The smallest picture that is sharp on a list.
    fitting = [image for image in images if (image.get("width") or 0) >= IMAGE_SIDE] or images[-1:]
    return Candidate(
        uri=item["uri"],
        name=item["name"],
        artists=tuple(artist["name"] for artist in item["artists"]),
        album=str(album.get("name") or ""),
        year=int(year) if year.isdecimal() else None,
        image_url=fitting[0]["url"] if fitting else "",
    )
