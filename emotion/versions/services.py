"""Everything that changes a model version."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueDown

from emotion.models import ModelVersion, TrainingRun
from emotion.samples.withdrawal import retire_by_of
from emotion.versions.selectors import version_before, version_folder, version_gates, version_whole
from ml import artifacts
from ml.artifacts import Artifact
from ml.errors import ArtifactError
from mood_music.errors import UserError
from privacy.audit import audit_write

logger = structlog.get_logger(__name__)
Status, Origin = ModelVersion.Status, ModelVersion.Origin


def version_register_shipped() -> ModelVersion:
    """Make the artifact that ships with the project a version of this site; return it. Does nothing twice.

    It becomes the active version where there is none, and, when it is new here, where the active one had shipped with
    an older release: a site that never trained follows the project. It is copied like every other version, so that
    rolling back finds it after a later release. Raises ArtifactError when the installation is damaged.
    """
    artifact = artifacts.check(artifacts.DEFAULT)
    with transaction.atomic():
        version, new = ModelVersion.objects.get_or_create(
            version=artifact.version,
            defaults={**_facts(artifact), "origin": Origin.SHIPPED, "evaluation": evaluation_of_card(artifact)},
        )
        _place(artifact)
        active = _locked_active()
        if active is None or (new and active.origin == Origin.SHIPPED):
            _activate(version, active, actor=None)
            audit_write(
                kind="model_promoted",
                detail={"version": version.version, "before": active.version if active else "", "reason": "shipped"},
            )
            logger.info("version_promoted", version=version.version, origin=version.origin)
    return version


def evaluation_of_card(artifact: Artifact) -> dict[str, Any]:
    """Return what the card of an artifact of our own says it measured, in the form of `ModelVersion.evaluation`.

    Not for artifacts from outside: what their cards say, nobody here has measured.
    """
    card = artifact.card
    unseen, sure = card.get("evaluation_without_near_duplicates", {}), card.get("sure", {}).get("measured", {})
    return {
        "sets": {
            usage: {
                "rows": max(report["n"] for report in reports.values()),
                "reports": reports,
                "without_near_duplicates": unseen.get(usage),
                "sure": sure.get(usage),
            }
            for usage, reports in card.get("evaluation", {}).items()
        },
        "robustness": card.get("robustness", {}),
        "size": artifact.size,
    }


def version_from_artifact(
    *,
    folder: Path,
    origin: ModelVersion.Origin,
    run: TrainingRun | None = None,
    evaluation: dict[str, Any] | None = None,
    actor: Any = None,
) -> ModelVersion:
    """Make a candidate of an artifact: check it, copy it, check the copy.

    The same artifact of the same run gives the version that it gave before. Raises ArtifactError for what is no
    artifact, UserError when the site has a version of this name already.
    """
    artifact = artifacts.check(folder)
    facts = _facts(artifact)
    with transaction.atomic():
        if run is not None:
            # A withdrawal at this moment finds the version, or is seen here.
            run = TrainingRun.objects.select_for_update().get(pk=run.pk)
        version, new = ModelVersion.objects.get_or_create(
            version=artifact.version,
            defaults={
                **facts,
                "origin": origin,
                "run": run,
                "retire_by": retire_by_of(run) if run else None,
                "evaluation": evaluation or {},
            },
        )
        if not new:
            if run is None or version.run_id != run.pk or version.sha256 != facts["sha256"]:
                raise UserError("version_known", status=409)
            return version
        _place(artifact)
        audit_write(
            kind="model_added",
            actor=actor,
            detail={"version": version.version, "origin": origin, "sha256": version.sha256},
        )
    logger.info("version_added", version=version.version, origin=origin)
    return version


def _facts(artifact: Artifact) -> dict[str, Any]:
    return {"sha256": artifact.sha256, "size": artifact.size}


def _place(artifact: Artifact) -> None:
    """Copy an artifact into the folder of versions, whole or not at all; one that is there and whole stays."""
    root = Path(settings.MODELS_DIR)
    target = root / artifact.version
    try:
        artifacts.check(target)
        return
    except ArtifactError:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".write-") as scratch:
        copied = Path(scratch) / "artifact"
        artifacts.copy(artifact.folder, copied)
        if target.exists():
            shutil.rmtree(target)
        try:
            copied.rename(target)
        except OSError:
            # Another process was faster. What it put there has to be whole all the same.
            artifacts.check(target)


def _locked_active() -> ModelVersion | None:
    """Lock every version, so that two promotions follow each other, and return the active one."""
    list(ModelVersion.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    return ModelVersion.objects.filter(status=Status.ACTIVE).first()


def _activate(version: ModelVersion, active: ModelVersion | None, *, actor: Any, again: bool = False) -> None:
    """Put a version in the place of the active one. `again` keeps its place in the order of promotions."""
    now = timezone.now()
    if active is not None:
        ModelVersion.objects.filter(pk=active.pk).update(status=Status.RETIRED, retired_at=now)
    version.status, version.retired_at = Status.ACTIVE, None
    version.in_shadow, version.shadow_percent = False, 0
    if not again:
        version.promoted_at, version.promoted_by = now, actor
    version.save(update_fields=["status", "retired_at", "in_shadow", "shadow_percent", "promoted_at", "promoted_by"])


REASON_LENGTH = 20
"""What a written reason for a promotion past a failed gate has to have, in characters."""


def version_promote(*, version: ModelVersion, actor: Any, override_reason: str = "") -> ModelVersion:
    """Make a version the active one; return it. Workers read with it from their next task on.

    Raises UserError when it is active already, when its files are not what they were, when a person it learned from
    has withdrawn and the term is over, or when a gate fails and no reason is given. `actor` is None on the shell.
    """
    reason = " ".join(override_reason.split())
    with transaction.atomic():
        active = _locked_active()
        version = ModelVersion.objects.get(pk=version.pk)
        if version.status == Status.ACTIVE:
            raise UserError("version_state", status=409)
        _usable_require(version)
        failed = [gate.name for gate in version_gates(version, active) if not gate.passed]
        if failed and len(reason) < REASON_LENGTH:
            raise UserError("version_gates", status=409)
        _activate(version, active, actor=actor)
        audit_write(
            kind="model_promoted",
            actor=actor,
            detail={
                "version": version.version,
                "before": active.version if active else "",
                "failed_gates": failed,
                "reason": reason if failed else "",
            },
        )
    logger.info("version_promoted", version=version.version, failed_gates=len(failed))
    return version


def version_roll_back(*, actor: Any) -> ModelVersion:
    """Make the version active again that was so before the present one; return it. No gate holds that up.

    Raises UserError when there was none, or its files are not what they were.
    """
    with transaction.atomic():
        active = _locked_active()
        version = version_before(active) if active else None
        if active is None or version is None:
            raise UserError("version_first", status=409)
        _usable_require(version)
        _activate(version, active, actor=actor, again=True)
        audit_write(
            kind="model_rolled_back", actor=actor, detail={"version": version.version, "before": active.version}
        )
    logger.info("version_rolled_back", version=version.version, before=active.version)
    return version


def _usable_require(version: ModelVersion) -> None:
    if version.retire_by is not None and version.retire_by <= timezone.localdate():
        raise UserError("version_overdue", status=409)
    if not version_whole(version):
        raise UserError("version_damaged", status=409)


def version_discard(*, version: ModelVersion, actor: Any) -> None:
    """Put a candidate aside. Raises UserError when it is none any more."""
    with transaction.atomic():
        moved = ModelVersion.objects.filter(pk=version.pk, status=Status.CANDIDATE).update(
            status=Status.RETIRED, retired_at=timezone.now(), in_shadow=False, shadow_percent=0
        )
        if not moved:
            raise UserError("version_state", status=409)
        audit_write(kind="model_discarded", actor=actor, detail={"version": version.version})
    logger.info("version_discarded", version=version.version)


def shadow_start(*, version: ModelVersion, percent: int, actor: Any) -> None:
    """Let a candidate look on at a share of the readings of people who agreed; another one stops looking on.

    Raises UserError when the share is not 1 to 100, its files are not what they were, or it is no candidate any more.
    """
    if not 1 <= percent <= 100:
        raise UserError("shadow_share")
    with transaction.atomic():
        _locked_active()
        _usable_require(ModelVersion.objects.get(pk=version.pk))
        ModelVersion.objects.filter(in_shadow=True).exclude(pk=version.pk).update(in_shadow=False, shadow_percent=0)
        moved = ModelVersion.objects.filter(pk=version.pk, status=Status.CANDIDATE).update(
            in_shadow=True, shadow_percent=percent
        )
        if not moved:
            raise UserError("version_state", status=409)
        audit_write(kind="shadow_started", actor=actor, detail={"version": version.version, "percent": percent})
    logger.info("shadow_started", version=version.version, percent=percent)


def shadow_stop(*, version: ModelVersion, actor: Any) -> None:
    """Let a candidate look on no longer; what it said so far stays. Raises UserError when it does not look on."""
    with transaction.atomic():
        if not ModelVersion.objects.filter(pk=version.pk, in_shadow=True).update(in_shadow=False, shadow_percent=0):
            raise UserError("version_state", status=409)
        audit_write(kind="shadow_stopped", actor=actor, detail={"version": version.version})
    logger.info("shadow_stopped", version=version.version)


def versions_overdue() -> list[ModelVersion]:
    """Return the versions that had to be replaced by now, do not read any more, and still have their files."""
    past = ModelVersion.objects.filter(retire_by__lte=timezone.localdate()).exclude(status=Status.ACTIVE)
    return [version for version in past.order_by("pk") if version_folder(version).exists()]


def versions_expire() -> int:
    """Delete the files of versions that learned from somebody who withdrew, once their term is over; return how many.

    The row stays, for the readings that name it; an active version is left to whoever promotes, and its page says so.
    """
    done = 0
    for version in versions_overdue():
        with transaction.atomic():
            _locked_active()
            left = ModelVersion.objects.filter(pk=version.pk).exclude(status=Status.ACTIVE)
            if not left.update(in_shadow=False, shadow_percent=0):
                continue
            shutil.rmtree(version_folder(version))
            audit_write(kind="model_files_deleted", detail={"version": version.version})
        logger.info("version_files_deleted", version=version.version)
        done += 1
    return done


def version_measure_ask(*, version: ModelVersion) -> None:
    """Put the measuring of a version on the queue. Raises UserError when the queue cannot be reached."""
    from emotion.versions.tasks import version_measure

    try:
        version_measure.delay(version.pk)
    except QueueDown as error:
        raise UserError("queue_down", status=503) from error


def version_loaded(*, version: ModelVersion, error: str) -> None:
    """Note whether a worker could load a version; an empty error says that it could."""
    note = error[:300]
    ModelVersion.objects.filter(pk=version.pk).exclude(load_error=note).update(load_error=note)
