"""What the Spotify worker runs, on a queue of its own."""

from __future__ import annotations

from celery import shared_task

from recommendations.providers.spotify import resolving


@shared_task
def spotify_resolve(track_ids: list[int]) -> None:
    """Resolve the tracks of one set."""
    resolving.tracks_resolve(track_ids=track_ids)


@shared_task
def spotify_sweep() -> None:
    """Resolve what was left."""
    resolving.recent_resolve()
