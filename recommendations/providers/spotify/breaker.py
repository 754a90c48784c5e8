"""Decide whether Spotify may be called now: a budget for each half minute, and a circuit breaker. One row, shared.

The state lies in the database, so that all processes keep to it. Spotify counts calls over rolling 30 seconds for
each developer, and has asked for pauses of hours: https://developer.spotify.com/documentation/web-api/concepts/rate-limits
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from recommendations.models import ProviderState
from recommendations.providers.spotify.config import PROVIDER
from recommendations.providers.spotify.errors import Paused, RateLimited, SpotifyError, Unavailable

logger = structlog.get_logger(__name__)

WINDOW = timedelta(seconds=30)
# Of the budget, what background work may use: the rest is for a person who waits.
BACKGROUND_SHARE = 2 / 3
FAILURES_TO_OPEN = 3
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
# After a pause one call goes first; the others wait this long for what it finds out.
PROBE = timedelta(seconds=15)
LONGEST_RETRY_AFTER = timedelta(days=1)


@contextmanager
def guarded(*, background: bool) -> Iterator[None]:
    """Let one call through and learn from how it ends.

    Raises Paused when it may not be made. An Unavailable that leaves the block counts as a failure, a RateLimited
    pauses all calls for as long as Spotify said; any other answer shows that Spotify works.
    """
    admit(background=background)
    try:
        yield
    except RateLimited as limited:
        pause(seconds=limited.retry_after, quota=limited.quota)
        raise
    except Unavailable:
        note_failure()
        raise
    except SpotifyError:
        note_success()
        raise
    note_success()


@transaction.atomic
def admit(*, background: bool) -> None:
    """Count one call. Raises Paused instead while the breaker is open or the budget is used up."""
    now, state = timezone.now(), _locked()
    if state.paused_until and now < state.paused_until:
        raise Paused(_seconds(state.paused_until - now))
    if not state.window_started_at or now >= state.window_started_at + WINDOW:
        state.window_started_at, state.window_calls = now, 0
    budget = settings.SPOTIFY_CALLS_PER_HALF_MINUTE
    if state.window_calls >= (math.floor(budget * BACKGROUND_SHARE) if background else budget):
        raise Paused(_seconds(state.window_started_at + WINDOW - now))
    if state.failures >= FAILURES_TO_OPEN:
        if state.probe_until and now < state.probe_until:
            raise Paused(_seconds(state.probe_until - now))
        state.probe_until = now + PROBE
    state.window_calls += 1
    state.save()


def note_success() -> None:
    """Close the breaker. A pause that Spotify asked for meanwhile stays."""
    ProviderState.objects.filter(provider=PROVIDER, failures__gt=0).update(failures=0, probe_until=None)


@transaction.atomic
def note_failure() -> None:
    """Count a failure; from the third in a row on, pause for twice as long each time."""
    state = _locked()
    state.failures += 1
    if state.failures >= FAILURES_TO_OPEN:
        # The power is bounded before it is taken: after a long night the count is large.
        doubled = FIRST_PAUSE * 2 ** min(state.failures - FAILURES_TO_OPEN, 10)
        state.paused_until, state.probe_until = timezone.now() + min(doubled, LONGEST_PAUSE), None
        logger.warning("spotify_paused", failures=state.failures)
    state.save()


@transaction.atomic
def pause(*, seconds: int, quota: bool) -> None:
    """Make no call until the time that Spotify named has passed."""
    state = _locked()
    until = timezone.now() + min(timedelta(seconds=max(seconds, 1)), LONGEST_RETRY_AFTER)
    state.paused_until = max(until, state.paused_until or until)
    state.save()
    logger.warning("spotify_rate_limited", seconds=seconds, quota=quota)


def _locked() -> ProviderState:
    ProviderState.objects.get_or_create(provider=PROVIDER)
    return ProviderState.objects.select_for_update().get(provider=PROVIDER)


def _seconds(span: timedelta) -> int:
    return max(1, math.ceil(span.total_seconds()))
