"""Widen the content security policy of single pages, and only once Spotify is set up."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from recommendations.providers.spotify.config import EMBED_HOST, IMAGE_HOST, app_configured, login_configured

View = Callable[..., HttpResponse]


def with_spotify_media(view: View) -> View:
    """Let a page show covers and the player from Spotify's two hosts."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if app_configured():
            _widen(response, {"img-src": [IMAGE_HOST], "frame-src": [EMBED_HOST]})
        return response

    return wrapped


def with_spotify_login(view: View) -> View:
    """Let a form of the page lead on to Spotify's log-in: browsers hold redirects after a form to form-action."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if login_configured():
            parts = urlsplit(settings.SPOTIFY_ACCOUNTS_URL)
            _widen(response, {"form-action": [f"{parts.scheme}://{parts.netloc}"]})
        return response

    return wrapped


def _widen(response: HttpResponse, sources: dict[str, list[str]]) -> None:
    # The attribute is what django-csp's own decorators set; they read settings only once, when they are imported.
    response._csp_update = sources  # type: ignore[attr-defined]  # noqa: SLF001
