"""What the workers run for privacy: take an id, call one service."""

from __future__ import annotations

from celery import shared_task

from privacy import erasure
from privacy.models import ErasureRequest


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
