"""Everything that changes a training run: see the state machine in `emotion.models.training`."""

from __future__ import annotations

import datetime
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueDown

from emotion.models import ModelVersion, TrainingRun
from emotion.models.versions import active_version
from emotion.training.manifest import manifest_stale, manifest_thaw, run_folder
from emotion.training.options import RunOptions
from emotion.training.selectors import samples_new, samples_teaching
from emotion.versions.services import version_from_artifact
from mood_music.errors import UserError
from privacy.audit import audit_write

logger = structlog.get_logger(__name__)

Status, Kind = TrainingRun.Status, TrainingRun.Kind
PERMISSION = "emotion.start_trainingrun"
# Attempts that end without one more epoch; every epoch starts the count anew.
MAX_ATTEMPTS = 3
LEASE = datetime.timedelta(seconds=30)
REPUBLISH_AFTER = datetime.timedelta(seconds=60)
# Fewer samples than this say more of a few people than of a site.
LEAST_SAMPLES = 20
LOG_LINES = 40


def training_run_create(*, actor: Any, kind: str, options: Mapping[str, Any] | None = None) -> TrainingRun:
    """Queue a run, audited. `actor` is None for a scheduled one.

    Raises UserError: without the permission (403), for options beyond their bounds, without base data or samples to
    train on, without an active version to start from, or while another run is open (409).
    """
    if actor is not None and not actor.has_perm(PERMISSION):
        raise UserError("training_not_allowed", status=403)
    checked = RunOptions.of(kind, options)
    start = ""
    if kind == Kind.FULL:
        if not settings.TRAINING_BASE_DATA or not Path(settings.TRAINING_BASE_DATA).is_dir():
            raise UserError("training_no_base_data")
    else:
        active = active_version()
        if active is None:
            raise UserError("training_no_start", status=409)
        if samples_teaching().count() < LEAST_SAMPLES:
            raise UserError("training_few_samples")
        start = active.version
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(
                kind=kind, options=checked.as_dict(), start_version=start, started_by=actor, epochs=checked.epochs,
                published_at=timezone.now(),
            )  # fmt: skip
            audit_write(
                kind="training_started",
                actor=actor,
                detail={"run": str(run.public_id), "kind": kind, "start": start, **checked.as_dict()},
            )
            transaction.on_commit(lambda: _publish(run.pk))
    except IntegrityError as error:
        raise UserError("training_open", status=409) from error
    logger.info("training_queued", run_id=run.pk, kind=kind)
    return run


def training_scheduled_start() -> TrainingRun | None:
    """Queue a fine-tuning when the calendar says so and enough new samples were accepted; it makes a candidate only."""
    days = settings.TRAINING_SCHEDULE_DAYS
    if days <= 0 or active_version() is None or TrainingRun.objects.filter(is_open=True).exists():
        return None
    since = timezone.now() - datetime.timedelta(days=days)
    if TrainingRun.objects.filter(started_by=None, created_at__gt=since).exists():
        return None
    if samples_new().count() < max(settings.TRAINING_SCHEDULE_MIN_SAMPLES, LEAST_SAMPLES):
        return None
    try:
        return training_run_create(actor=None, kind=Kind.FINE_TUNE)
    except UserError as error:
        if error.message_id != "training_open":
            raise
        # Somebody pressed the button meanwhile: that run learns from the same samples.
        return None


def _publish(run_id: int) -> None:
    from emotion.training.tasks import training_run_execute

    try:
        training_run_execute.delay(run_id)
    except QueueDown:
        logger.warning("queue_unreachable", run_id=run_id)


def run_claim(*, run_id: int) -> TrainingRun | None:
    """Take a queued run for this worker, or return None when it is gone, taken or finished."""
    token, now = uuid.uuid4(), timezone.now()
    taken = TrainingRun.objects.filter(pk=run_id, status=Status.QUEUED, attempts__lt=MAX_ATTEMPTS).update(
        status=Status.RUNNING,
        claim_token=token,
        lease_expires_at=now + LEASE,
        attempts=F("attempts") + 1,
        started_at=Coalesce(F("started_at"), now),
    )
    return TrainingRun.objects.filter(pk=run_id, claim_token=token).first() if taken else None


def claimed(run: TrainingRun) -> QuerySet[TrainingRun]:
    """Return the run as a queryset, empty once this worker's claim is lost."""
    return TrainingRun.objects.filter(pk=run.pk, status=Status.RUNNING, claim_token=run.claim_token)


def lease_renew(*, run: TrainingRun) -> bool:
    """Push the lease of a claimed run on; return false when the claim was lost."""
    return bool(claimed(run).update(lease_expires_at=timezone.now() + LEASE))


def run_release(*, run: TrainingRun, expired_at: datetime.datetime | None = None, error: str = "") -> bool:
    """Give a claimed run back after an error, or end it when it is to be cancelled or its attempts are used up.

    With `expired_at`, only if its lease has run out by then. Returns whether the claim was still there.
    """
    claim = claimed(run)
    if expired_at:
        claim = claim.filter(lease_expires_at__lt=expired_at)
    current = claim.first()
    if current is None:
        return False
    if current.cancel_requested_at:
        return _finish(claim, run, Status.CANCELLED)
    if current.attempts >= MAX_ATTEMPTS:
        return _finish(claim, run, Status.FAILED, error or "Its worker died three times without ending an epoch.")
    return _queue_again(claim)


def _queue_again(claim: QuerySet[TrainingRun]) -> bool:
    return bool(
        claim.update(status=Status.QUEUED, claim_token=None, lease_expires_at=None, published_at=None, eta_seconds=None)
    )


def _finish(claim: QuerySet[TrainingRun], run: TrainingRun, status: TrainingRun.Status, error: str = "") -> bool:
    """Move a run to a final state and take away what only a run under way needs; false when the claim was lost."""
    with transaction.atomic():
        moved = claim.update(
            status=status,
            is_open=False,
            error=error[:300],
            claim_token=None,
            lease_expires_at=None,
            eta_seconds=None,
            finished_at=timezone.now(),
        )
        if moved:
            transaction.on_commit(lambda: _tidy(run))
    if moved:
        logger.info("training_ended", run_id=run.pk, status=status)
    return bool(moved)


def _tidy(run: TrainingRun) -> None:
    """Keep the manifest and the log of a run, and delete its networks."""
    folder = run_folder(run)
    for name in ("checkpoints", "artifact"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / "run.json").unlink(missing_ok=True)


def run_fail(*, run: TrainingRun, error: str) -> bool:
    """End a claimed run that cannot succeed, with a word on why."""
    return _finish(claimed(run), run, Status.FAILED, error)


def run_cancel(*, run: TrainingRun, actor: Any) -> None:
    """Ask for a run's end: one that waits ends now, one that trains at its next batch.

    Raises UserError: without the permission (403), or when it is over (409).
    """
    if not actor.has_perm(PERMISSION):
        raise UserError("training_not_allowed", status=403)
    with transaction.atomic():
        asked = TrainingRun.objects.filter(pk=run.pk, is_open=True, cancel_requested_at=None)
        if not asked.update(cancel_requested_at=timezone.now()):
            raise UserError("training_over", status=409)
        audit_write(kind="training_cancelled", actor=actor, detail={"run": str(run.public_id)})
        _finish(TrainingRun.objects.filter(pk=run.pk, status=Status.QUEUED), run, Status.CANCELLED)


def run_cancelled(*, run: TrainingRun) -> bool:
    """End a claimed run because somebody asked for it."""
    return _finish(claimed(run), run, Status.CANCELLED)


def run_restart(*, run: TrainingRun) -> bool:
    """Queue a claimed run again from its start, with a new list: somebody on the old one withdrew."""
    with transaction.atomic():
        current = claimed(run).select_for_update().first()
        if current is None:
            return False
        shutil.rmtree(run_folder(run), ignore_errors=True)
        manifest_thaw(run=current)
        log_add(run=run, line="Somebody withdrew a sample: the training starts again without it.")
        claimed(run).update(epoch=0, step=0, steps=0, loss=None, history=[], attempts=0)
        _queue_again(claimed(run))
        transaction.on_commit(lambda: _publish(run.pk))
    logger.info("training_restarted", run_id=run.pk)
    return True


def log_add(*, run: TrainingRun, line: str) -> None:
    """Add a line to what people read of a claimed run; the last forty stay."""
    current = claimed(run).values_list("log", flat=True).first()
    if current is not None:
        stamp = f"{timezone.now():%H:%M:%S} {line}"
        claimed(run).update(log="\n".join([*current.splitlines(), stamp][-LOG_LINES:]))


def run_candidate(*, run: TrainingRun, folder: Path) -> ModelVersion | None:
    """Make a candidate of what a claimed run trained, or return None: its claim is lost, or a sample was withdrawn.

    The lock on the run puts a withdrawal at this moment before this or after: before, there is no candidate; after, it
    finds the candidate and gives it its date.
    """
    with transaction.atomic():
        current = claimed(run).select_for_update().first()
        if current is None or manifest_stale(run=current):
            return None
        return version_from_artifact(folder=folder, origin=ModelVersion.Origin.TRAINED, run=current)


def run_done(*, run: TrainingRun) -> bool:
    """End a claimed run whose candidate is measured."""
    return _finish(claimed(run), run, Status.DONE)


def training_sweep() -> dict[str, int]:
    """Queue again what dead workers hold, and publish what was lost; return what was done."""
    now = timezone.now()
    done = {"released": 0, "published": 0}
    for run in TrainingRun.objects.filter(status=Status.RUNNING, lease_expires_at__lt=now):
        done["released"] += run_release(run=run, expired_at=now)
    stale = Q(published_at=None) | Q(published_at__lt=now - REPUBLISH_AFTER)
    for pk in list(TrainingRun.objects.filter(stale, status=Status.QUEUED).values_list("pk", flat=True)):
        TrainingRun.objects.filter(pk=pk).update(published_at=now)
        _publish(pk)
        done["published"] += 1
    if any(done.values()):
        logger.info("training_swept", **done)
    return done
