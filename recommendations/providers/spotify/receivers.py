"""Hand chosen tracks to the Spotify worker, if there is an app to ask with."""

from __future__ import annotations

from typing import Any

import structlog
from django.dispatch import receiver
from kombu.exceptions import OperationalError as QueueDown

from recommendations.providers.spotify.cache import unresolved
from recommendations.providers.spotify.config import app_configured
from recommendations.signals import tracks_chosen

logger = structlog.get_logger(__name__)

# Nobody waits for it longer: the sweeper looks after the rest.
EXPIRES_SECONDS = 600


@receiver(tracks_chosen)
def resolve_chosen(sender: Any, track_ids: list[int], **kwargs: Any) -> None:
    """Queue what is not resolved yet."""
    if not app_configured():
        return
    wanted = unresolved(track_ids)
    if not wanted:
        return
    from recommendations.providers.spotify.tasks import spotify_resolve

    try:
        spotify_resolve.apply_async(args=(wanted,), expires=EXPIRES_SECONDS)
    except QueueDown:
        logger.warning("queue_unreachable", tracks=len(wanted))
