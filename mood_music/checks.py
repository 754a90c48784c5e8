"""System checks: misconfiguration is told at start, with an id and a hint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

_SCHEMES = ("redis://", "rediss://", "unix://")


@register()
def redis_url_is_usable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a REDIS_URL that Celery would misread."""
    if settings.REDIS_URL.startswith(_SCHEMES):
        return []
    return [
        Error(
            "REDIS_URL does not name a Redis server.",
            hint=f"Start it with one of {', '.join(_SCHEMES)}",
            id="mood_music.E001",
        )
    ]


KEY_LENGTH = 32


@register()
def spotify_redirect_is_accepted(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an address that Spotify would refuse, and one that leads to another page than ours."""
    if not settings.SPOTIFY_REDIRECT_URI:
        return []
    parts = urlsplit(settings.SPOTIFY_REDIRECT_URI)
    loopback = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1"} and parts.port is not None
    if (parts.scheme == "https" or loopback) and parts.path == "/spotify/callback/" and parts.hostname != "localhost":
        return []
    return [
        Error(
            "SPOTIFY_REDIRECT_URI is no address that Spotify sends people back to.",
            hint="Use https://<host>/spotify/callback/, or http://127.0.0.1:<port>/spotify/callback/ at home.",
            id="mood_music.E004",
        )
    ]


@register(Tags.security)
def encryption_keys_are_usable(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse keys that are short, and one that is the SECRET_KEY: whoever learns one secret must not hold both."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    if all(len(key) >= KEY_LENGTH for key in keys) and settings.SECRET_KEY not in keys:
        return []
    return [
        Error(
            "FIELD_ENCRYPTION_KEYS holds a key that is short or the same as SECRET_KEY.",
            hint=f"Each key is a random text of its own with {KEY_LENGTH} characters or more, with commas between.",
            id="mood_music.E002",
        )
    ]


@register(Tags.security, deploy=True)
def encryption_keys_are_there(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a server without keys: what has to be encrypted could not be stored."""
    return _missing_keys()


@register(Tags.security)
def spotify_has_encryption_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse Spotify without keys, on one's own machine as well: it comes with tokens."""
    return _missing_keys() if settings.SPOTIFY_CLIENT_ID else []


def _missing_keys() -> list[CheckMessage]:
    if settings.FIELD_ENCRYPTION_KEYS:
        return []
    hint = "Set FIELD_ENCRYPTION_KEYS to a long random text."
    return [Error("FIELD_ENCRYPTION_KEYS is empty.", hint=hint, id="mood_music.E003")]


@register()
def country_is_a_code(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a COUNTRY that can be no code: its help line would silently be missing."""
    if settings.COUNTRY == "" or re.fullmatch("[A-Z]{2}", settings.COUNTRY):
        return []
    hint = "Use the two letters of ISO 3166, as in GB or DE, or leave it empty."
    return [Error("COUNTRY is not a country's code.", hint=hint, id="mood_music.E010")]


@register(Tags.security, deploy=True)
def contact_address_is_real(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn of a contact address that nobody reads: privacy requests would be lost."""
    if not settings.CONTACT_EMAIL.endswith("@localhost"):
        return []
    return [
        checks.Warning(
            "CONTACT_EMAIL is not an address that people can write to.",
            hint="Set CONTACT_EMAIL: the legal pages name it for privacy requests.",
            id="mood_music.W001",
        )
    ]
