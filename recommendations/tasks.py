"""What the workers run for music: take an id, call one service."""

from __future__ import annotations

from celery import shared_task

from recommendations import ratings, services
from recommendations.providers.spotify.cache import cache_purge


@shared_task
def recommendation_set_build(reading_id: int) -> None:
    """Build the set of one reading."""
    services.set_build(reading_id=reading_id)


@shared_task
def sets_sweep() -> None:
    """Build the sets whose message was lost."""
    services.sets_sweep()


@shared_task
def spotify_purge() -> None:
    """Delete what Spotify told us longer ago than we may keep it, also after Spotify was switched off."""
    cache_purge()


@shared_task
def rating_proposals_compute() -> None:
    """Propose corrections of ratings from what many people said."""
    ratings.proposals_compute()
