"""What a withdrawn sample means for the trainings that were given it and the versions that learned from it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from emotion.models import ManifestEntry, ModelVersion, TrainingRun
from emotion.training.manifest import manifests_rewrite
from privacy.audit import audit_write

logger = structlog.get_logger(__name__)


def versions_flag_retire(*, sample_ids: Iterable[int]) -> int:
    """Give every version that learned from one of the samples a date by which it is replaced; return how many are new.

    A version that was fine-tuned from another has learned from all that that one had; a sample that is held out was
    measured on and taught nothing. A date that is set already stays. The caller is in a transaction.
    """
    given = TrainingRun.objects.filter(manifest__sample__in=list(sample_ids), manifest__held_out=False)
    # A run that ends at this moment makes its version before this, or sees the entry withdrawn after it.
    runs = sorted({run.pk for run in given})
    list(TrainingRun.objects.select_for_update().filter(pk__in=runs).order_by("pk"))
    names = _with_descendants(set(ModelVersion.objects.filter(run__in=runs).values_list("version", flat=True)))
    retire_by = timezone.localdate() + datetime.timedelta(days=settings.MODEL_RETIRE_DAYS)
    flagged = 0
    for version in ModelVersion.objects.filter(version__in=names, retire_by=None).order_by("pk"):
        flagged += ModelVersion.objects.filter(pk=version.pk, retire_by=None).update(retire_by=retire_by)
        audit_write(kind="version_retire_by", detail={"version": version.version, "retire_by": str(retire_by)})
        logger.warning("version_retire_by", version=version.version, retire_by=str(retire_by))
    return flagged


def _with_descendants(names: set[str]) -> set[str]:
    found, newest = set(names), names
    while newest:
        children = ModelVersion.objects.filter(run__start_version__in=newest).values_list("version", flat=True)
        newest = set(children) - found
        found |= newest
    return found


def retire_by_of(run: TrainingRun) -> datetime.date | None:
    """Return the date that a version made by a run begins with: that of what it started from, or that of a withdrawal.

    None where nobody withdrew. The caller holds a lock on the run (see `versions_flag_retire`).
    """
    started_from = ModelVersion.objects.filter(version=run.start_version).first()
    dates = [started_from.retire_by] if started_from and started_from.retire_by else []
    if run.manifest.filter(held_out=False).exclude(withdrawn_at=None).exists():
        dates.append(timezone.localdate() + datetime.timedelta(days=settings.MODEL_RETIRE_DAYS))
    return min(dates, default=None)


def manifests_blank(*, sample_ids: Iterable[int]) -> None:
    """Leave of the samples' entries in manifests, and of their files, only that something was withdrawn, and when."""
    entries = ManifestEntry.objects.filter(sample__in=list(sample_ids))
    runs = sorted(set(entries.values_list("run", flat=True)))
    transaction.on_commit(lambda: manifests_rewrite(run_ids=runs))
    entries.update(sample=None, consent=None, sha256="", withdrawn_at=timezone.now())
