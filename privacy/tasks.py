"""What the workers run for privacy: take an id, call one service."""

from __future__ import annotations

import structlog
from celery import shared_task

from privacy import erasure, exports, retention, rights
from privacy.models import ErasureRequest

logger = structlog.get_logger(__name__)


@shared_task
def erasure_run(erasure_request_id: int) -> None:
    """Take one erasure as far as it can go. One that is gone is left alone."""
    request = ErasureRequest.objects.filter(pk=erasure_request_id).first()
    if request is not None:
        erasure.erasure_run(request=request)


@shared_task
def erasures_sweep() -> None:
    """Queue every erasure whose time has come or whose run has died; each on its own, so that one failure stays one."""
    for pk in erasure.erasures_due():
        erasure_run.delay(pk)


@shared_task(soft_time_limit=840, time_limit=900)
def export_build(export_id: int) -> None:
    """Build one export. One that is gone, taken or over is left alone."""
    export = exports.export_claim(export_id=export_id)
    if export is None:
        return
    try:
        exports.export_build(export=export)
    except Exception:
        # Whatever went wrong, the claim goes back: the sweeper sends it again, up to the cap of attempts.
        logger.exception("export_failed", export_id=export_id, attempt=export.attempts)
        exports.export_release(export=export)


@shared_task
def exports_sweep() -> None:
    """End exports past their term and queue those whose message or builder was lost."""
    for pk in exports.exports_sweep():
        export_build.delay(pk)


@shared_task
def retention_enforce() -> None:
    """Delete what has passed its term."""
    retention.retention_enforce()


@shared_task
def rights_alarm() -> None:
    """Tell the operator of requests that are about to be due."""
    rights.rights_alarm()
