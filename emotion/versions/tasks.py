"""What a worker runs for versions. Both networks are loaded and read thousands of faces: minutes, on the slow queue."""

from __future__ import annotations

import structlog
from celery import shared_task

from emotion.models import ModelVersion
from emotion.versions.evaluating import version_evaluate
from emotion.versions.services import version_loaded
from ml.errors import MlError

logger = structlog.get_logger(__name__)


# Acknowledged early: a message that stays unacknowledged for minutes is delivered a second time.
@shared_task(acks_late=False, time_limit=2 * 3600, soft_time_limit=2 * 3600 - 60)
def version_measure(version_id: int) -> None:
    """Measure a version beside the active one. One that is gone is left alone; one that cannot be measured says why."""
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        return
    try:
        version_evaluate(version)
    except MlError as error:
        logger.exception("version_not_measured", version=version.version)
        version_loaded(version=version, error=str(error))
    else:
        version_loaded(version=version, error="")
