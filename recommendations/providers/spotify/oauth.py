"""Ask Spotify's accounts service for tokens: for the app itself, for a code (with PKCE), for a refresh token.

spotipy's own managers are left out: none of them sends both the app's secret and a PKCE verifier, and all of them
keep tokens in files or sessions by themselves.
https://developer.spotify.com/documentation/web-api/tutorials/code-flow, RFC 6749, RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

import requests
from django.conf import settings

from recommendations.providers.spotify.breaker import guarded
from recommendations.providers.spotify.errors import ConnectionLost, Refused, Unavailable
from recommendations.providers.spotify.limits import rate_limit_of


@dataclass(frozen=True, slots=True)
class Grant:
    """Hold what the accounts service gave. `refresh_token` is empty when the old one goes on being good."""

    access_token: str
    refresh_token: str
    seconds: int
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Grant(scopes={self.scopes})"


@dataclass(frozen=True, slots=True)
class Challenge:
    """Hold what one attempt to connect has to remember: the state and the PKCE verifier."""

    state: str
    verifier: str

    @classmethod
    def fresh(cls) -> Challenge:
        """Make both from the system's randomness: 256 bits and 384 bits."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(48))


def authorize_url(challenge: Challenge, scopes: tuple[str, ...]) -> str:
    """Return the address at Spotify where the person says yes or no."""
    digest = hashlib.sha256(challenge.verifier.encode()).digest()
    query = {
        "client_id": settings.SPOTIFY_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": settings.SPOTIFY_REDIRECT_URI,
        "scope": " ".join(scopes),
        "state": challenge.state,
        "code_challenge_method": "S256",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
    }
    return f"{urljoin(settings.SPOTIFY_ACCOUNTS_URL, 'authorize')}?{urlencode(query)}"


def app_grant(*, background: bool) -> Grant:
    """Return a token for the app itself, which sees no person. Raises SpotifyError."""
    return _grant({"grant_type": "client_credentials"}, background=background)


def code_grant(code: str, verifier: str) -> Grant:
    """Return a person's tokens for the code she came back with. Raises ConnectionLost for a code that is not good."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": settings.SPOTIFY_REDIRECT_URI}
    return _grant({**form, "code_verifier": verifier}, background=False)


def refresh_grant(refresh_token: str) -> Grant:
    """Return fresh tokens. Raises ConnectionLost once the person's consent at Spotify has ended."""
    return _grant({"grant_type": "refresh_token", "refresh_token": refresh_token}, background=False)


def _grant(form: dict[str, str], *, background: bool) -> Grant:
    with guarded(background=background):
        try:
            response = requests.post(
                urljoin(settings.SPOTIFY_ACCOUNTS_URL, "api/token"),
                data=form,
                auth=(settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET),
                timeout=settings.SPOTIFY_TIMEOUT,
                allow_redirects=False,
            )
            body = response.json()
        except requests.RequestException as error:
            raise Unavailable from error
        if response.status_code == requests.codes.too_many_requests:
            raise rate_limit_of(response.headers, str(body))
        return _read(response.status_code, body)


def _read(status: int, body: Any) -> Grant:
    if status >= requests.codes.server_error or not isinstance(body, dict):
        raise Unavailable
    if status != requests.codes.ok:
        raise ConnectionLost if body.get("error") == "invalid_grant" else Refused
    try:
        return Grant(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or ""),
            seconds=int(body["expires_in"]),
            scopes=tuple(str(body.get("scope") or "").split()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable from error
