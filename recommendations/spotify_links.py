"""Link a recording to Spotify's own search page: no account, no key, no request from our side."""

from __future__ import annotations

from urllib.parse import quote

SEARCH = "https://open.spotify.com/search/"


def search_url(title: str, artist: str) -> str:
    """Return the address of Spotify's search for a recording, every reserved character escaped."""
    return SEARCH + quote(" ".join(f"{title} {artist}".split()), safe="")
