"""What the workers run for captures: take an id, call one service."""

from __future__ import annotations

import structlog
from celery import shared_task

from emotion import services
from emotion.leases import lease_kept
from emotion.pipelines import pipeline

logger = structlog.get_logger(__name__)


@shared_task
def capture_process(capture_id: int) -> None:
    """Read one capture. A capture that is gone, finished or taken is left alone."""
    capture = services.capture_claim(capture_id=capture_id)
    if capture is None:
        return
    try:
        with lease_kept(lambda: services.lease_renew(capture=capture), every=services.LEASE / 4, capture_id=capture_id):
            services.capture_read(capture=capture, pipeline=pipeline())
    except Exception:
        # Whatever went wrong, the claim goes back: the sweeper sends it again, up to the cap of attempts.
        logger.exception("capture_failed", capture_id=capture_id, attempt=capture.attempts)
        services.capture_release(capture=capture)


@shared_task
def captures_sweep() -> None:
    """Release what dead workers hold and publish what was lost."""
    services.captures_sweep()


@shared_task
def captures_expire() -> None:
    """Delete captures past their term, and files that lost their row."""
    services.captures_expire()
    services.files_sweep()
