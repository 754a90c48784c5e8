"""Connect a person's Spotify account, keep its tokens fresh, and let go of it."""

from __future__ import annotations

import datetime
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import ConnectedService
from privacy.holdings import purpose_purge
from privacy.purposes import Purpose
from privacy.selectors import consent_granted
from privacy.services import consent_record
from privacy.subjects import Subject
from recommendations.models import SavedPlaylist
from recommendations.providers.spotify import oauth
from recommendations.providers.spotify.client import SpotifyClient
from recommendations.providers.spotify.config import PROVIDER
from recommendations.providers.spotify.errors import (
    ConnectionLost,
    NotConnected,
    SpotifyError,
    Unauthorized,
    Unavailable,
)

logger = structlog.get_logger(__name__)
Answer = TypeVar("Answer")

# A token is not used in its last minute: it might end on its way.
MARGIN = datetime.timedelta(seconds=60)
# Longer than a refresh may take; after it the claim of a process that died is free.
CLAIM = datetime.timedelta(seconds=30)
# How long the others wait for the one that refreshes.
PATIENCE_SECONDS, POLL_SECONDS = 10.0, 0.05


def service_connect(*, user: Any, code: str, verifier: str) -> ConnectedService:
    """Store the connection for the code that a person came back with. Raises SpotifyError."""
    grant = oauth.code_grant(code, verifier)
    if not grant.refresh_token:
        raise Unavailable
    account_id = SpotifyClient(grant.access_token).account_id()
    now = timezone.now()
    with transaction.atomic():
        # Asked again here: consent may have been withdrawn while the person was at Spotify.
        if not consent_granted(user=user, purpose=Purpose.SPOTIFY_LINK):
            raise NotConnected
        if not ConnectedService.objects.filter(user=user, provider=PROVIDER, account_id=account_id).exists():
            # What was saved belongs to the account that was connected before.
            SavedPlaylist.objects.filter(user=user).delete()
        connected, _ = ConnectedService.objects.without_tokens().update_or_create(
            user=user,
            provider=PROVIDER,
            defaults={
                "account_id": account_id,
                "access_token": grant.access_token,
                "refresh_token": grant.refresh_token,
                "scopes": list(grant.scopes),
                "expires_at": now + datetime.timedelta(seconds=grant.seconds),
                "connected_at": now,
                "needs_reconnect": False,
                "refresh_claim": None,
                "refresh_claim_until": None,
            },
        )
    logger.info("service_connected", service_id=connected.pk)
    return connected


@transaction.atomic
def service_disconnect(*, user: Any, given_through: str) -> None:
    """Withdraw the consent, and delete the tokens and all that came through them, whatever the consent says."""
    consent_record(user=user, purpose=Purpose.SPOTIFY_LINK, granted=False, given_through=given_through)
    purpose_purge(Purpose.SPOTIFY_LINK, Subject.of(user))


def as_person(*, user: Any, call: Callable[[SpotifyClient], Answer]) -> Answer:
    """Make calls with a person's token; an access token that Spotify refuses is renewed once.

    Raises SpotifyError; ConnectionLost also when a new notice has ended her consent, which connecting again renews.
    """
    if not consent_granted(user=user, purpose=Purpose.SPOTIFY_LINK):
        raise ConnectionLost
    token = access_token(user=user)
    try:
        return call(SpotifyClient(token))
    except Unauthorized:
        token = access_token(user=user, refused=token)
    try:
        return call(SpotifyClient(token))
    except Unauthorized as error:
        ConnectedService.objects.filter(user=user, provider=PROVIDER).update(needs_reconnect=True)
        raise ConnectionLost from error


def access_token(*, user: Any, refused: str = "") -> str:
    """Return an access token that is good for a minute at least and is not the one that Spotify `refused`.

    Of all processes that find it too old, one refreshes it; the others wait for its result. Raises NotConnected,
    ConnectionLost when only the person can help, and what else the accounts service answers.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        service = _usable_or_claimed(user=user, refused=refused)
        if service is not None and service.refresh_claim is None:
            return str(service.access_token)
        if service is not None:
            return _refreshed(service)
        if time.monotonic() > deadline:
            raise Unavailable
        time.sleep(POLL_SECONDS)


@transaction.atomic
def _usable_or_claimed(*, user: Any, refused: str) -> ConnectedService | None:
    """Return the row with a token that can be used, or with a claim of ours; None while somebody else holds one.

    The decision is made under the row's lock. The lock is not held through the call that follows: on SQLite it would
    stop every writer of the site for as long as Spotify takes.
    """
    service = ConnectedService.objects.select_for_update().filter(user=user, provider=PROVIDER).first()
    if service is None:
        raise NotConnected
    if service.needs_reconnect:
        raise ConnectionLost
    now = timezone.now()
    if service.expires_at > now + MARGIN and service.access_token != refused:
        service.refresh_claim = None
        return service
    if service.refresh_claim_until and now < service.refresh_claim_until:
        return None
    service.refresh_claim, service.refresh_claim_until = uuid.uuid4(), now + CLAIM
    service.save(update_fields=["refresh_claim", "refresh_claim_until"])
    return service


def _refreshed(service: ConnectedService) -> str:
    """Refresh under the claim and store the result if the claim still stands. Returns the new access token."""
    claimed = ConnectedService.objects.filter(pk=service.pk, refresh_claim=service.refresh_claim)
    free: dict[str, Any] = {"refresh_claim": None, "refresh_claim_until": None}
    try:
        grant = oauth.refresh_grant(str(service.refresh_token))
    except ConnectionLost:
        claimed.update(needs_reconnect=True, access_token="", refresh_token="", **free)
        logger.info("service_lost", service_id=service.pk)
        raise
    except SpotifyError:
        claimed.update(**free)
        raise
    stored = claimed.update(
        access_token=grant.access_token,
        # Spotify sends a new one only now and then; without it the old one stays good.
        refresh_token=grant.refresh_token or service.refresh_token,
        expires_at=timezone.now() + datetime.timedelta(seconds=grant.seconds),
        **free,
    )
    if not stored:
        # Disconnected meanwhile, or the claim ran out: a token that is kept nowhere is not used.
        raise NotConnected
    logger.info("service_refreshed", service_id=service.pk)
    return grant.access_token
