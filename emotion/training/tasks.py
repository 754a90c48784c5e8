"""What workers run for training: take an id, call one service."""

from __future__ import annotations

import structlog
from celery import shared_task

from emotion.leases import lease_kept
from emotion.training import services

logger = structlog.get_logger(__name__)

LONGEST = 14 * 24 * 3600


# Acknowledged before it starts: the row and its sweeper bring a run back, a message that is kept for days does not.
@shared_task(acks_late=False, reject_on_worker_lost=False, time_limit=LONGEST, soft_time_limit=LONGEST)
def training_run_execute(run_id: int) -> None:
    """Do one run. A run that is gone, finished or taken is left alone."""
    from emotion.training.execution import run_execute

    run = services.run_claim(run_id=run_id)
    if run is None:
        return
    try:
        with lease_kept(lambda: services.lease_renew(run=run), every=services.LEASE / 4, run_id=run_id):
            run_execute(run=run)
    except Exception as error:
        # Whatever went wrong, the claim goes back: the sweeper sends it again, up to the cap of attempts.
        logger.exception("training_attempt_failed", run_id=run_id, attempt=run.attempts)
        services.run_release(run=run, error=f"It failed three times, at last with {type(error).__name__}.")


@shared_task
def training_sweep() -> None:
    """Queue again what dead workers hold, and publish what was lost."""
    services.training_sweep()


@shared_task
def training_scheduled_start() -> None:
    """Queue a fine-tuning when the calendar says so."""
    services.training_scheduled_start()
