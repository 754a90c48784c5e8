"""What the operator has set up of Spotify: nothing, an app (level 2), or an app that people can log in to (level 3)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

PROVIDER = "spotify"
EMBED_HOST = "https://open.spotify.com"
IMAGE_HOST = "https://i.scdn.co"


def app_configured() -> bool:
    """Tell whether tracks can be resolved."""
    return bool(settings.SPOTIFY_CLIENT_ID and settings.SPOTIFY_CLIENT_SECRET)


def login_configured() -> bool:
    """Tell whether people can connect their accounts."""
    return app_configured() and bool(settings.SPOTIFY_REDIRECT_URI)


def site_address() -> str:
    """Return scheme and host of the address that Spotify sends people back to: only there can they connect."""
    parts = urlsplit(settings.SPOTIFY_REDIRECT_URI)
    return f"{parts.scheme}://{parts.netloc}"
