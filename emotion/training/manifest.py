"""The frozen list of what a run learns from: rows in the database, and a file in the run's folder that says the same.

The file names samples and consents by number. Once one of them is withdrawn it is written again without it; the digest
on the run stays that of the list as it was frozen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from emotion.models import ManifestEntry, TrainingRun
from emotion.samples.selectors import samples_consented, samples_for_training

# Of those whom versions learn from, one person in so many validates: draws the curve and fits the temperatures.
VALIDATES_ONE_IN = 8
# Fixed, and no secret, as that of the hold-out: whoever validates one version must not have taught the one before.
_VALIDATION_KEY = b"mood-music validation 1"


class SampleWithdrawn(Exception):
    """Tell that a sample which the manifest lists may not be learned from any more."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Hold one entry with its pixels' file and its side."""

    entry: ManifestEntry
    validating: bool


def run_folder(run: TrainingRun) -> Path:
    """Return the folder of a run: manifest, log, and while it runs its checkpoints."""
    return Path(settings.TRAINING_DIR) / str(run.public_id)


def validates(user: Any) -> bool:
    """Return whether a person's samples validate and do not teach; fixed for ever, like the hold-out."""
    digest = hashlib.blake2b(user.public_id.bytes, key=_VALIDATION_KEY, digest_size=8).digest()
    return int.from_bytes(digest, "big") % VALIDATES_ONE_IN == 0


def manifest_freeze(*, run: TrainingRun) -> None:
    """List the samples that may be learned from now, once; write the list beside the run."""
    with transaction.atomic():
        locked = TrainingRun.objects.select_for_update().get(pk=run.pk)
        if not locked.manifest_sha256:
            entries = [
                ManifestEntry(
                    run=locked, sample=sample, consent_id=sample.consent_id, sha256=sample.sha256,
                    label=sample.final_label, held_out=sample.held_out,
                )
                for sample in samples_for_training().select_for_update(of=("self",))
            ]  # fmt: skip
            ManifestEntry.objects.bulk_create(entries)
            locked.manifest_sha256 = _digest(entries)
            locked.save(update_fields=["manifest_sha256"])
        run.manifest_sha256 = locked.manifest_sha256
    manifest_write(run=run)


def manifest_thaw(*, run: TrainingRun) -> None:
    """Forget a run's list, because somebody on it withdrew. The caller is in a transaction and queues the run anew."""
    run.manifest.all().delete()
    run.manifest_sha256 = ""
    run.save(update_fields=["manifest_sha256"])


def manifest_write(*, run: TrainingRun) -> None:
    """Write the list beside the run, as it is now."""
    entries = list(run.manifest.order_by("pk"))
    document = {
        "run": str(run.public_id),
        "kind": run.kind,
        "start_version": run.start_version,
        "frozen_sha256": run.manifest_sha256,
        "samples": [_line(entry) for entry in entries if entry.withdrawn_at is None],
        "withdrawn": sum(entry.withdrawn_at is not None for entry in entries),
    }
    folder = run_folder(run)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / "manifest.part"
    part.write_text(json.dumps(document, indent=2) + "\n")
    part.replace(folder / "manifest.json")


def manifests_rewrite(*, run_ids: Iterable[int]) -> None:
    """Write the lists of some runs again, once samples on them were withdrawn."""
    for run in TrainingRun.objects.filter(pk__in=list(run_ids)):
        if (run_folder(run) / "manifest.json").is_file():
            manifest_write(run=run)


def manifest_stale(*, run: TrainingRun) -> bool:
    """Tell whether a sample that the run learns from is withdrawn, or its person does not consent any more."""
    taught = run.manifest.filter(held_out=False)
    return taught.filter(Q(sample=None) | ~Q(sample__in=samples_consented())).exists()


def manifest_read(*, run: TrainingRun) -> list[Listed]:
    """Return the entries that may be read, in their order.

    Raises SampleWithdrawn when one of those that are learned from may not, ValueError when the list is not the one that
    was frozen.
    """
    if manifest_stale(run=run):
        raise SampleWithdrawn
    entries = list(run.manifest.select_related("sample__user").order_by("pk"))
    if all(entry.withdrawn_at is None for entry in entries) and _digest(entries) != run.manifest_sha256:
        raise ValueError(f"the manifest of run {run.pk} was changed after it was frozen")
    return [Listed(entry, validates(entry.sample.user)) for entry in entries if entry.sample is not None]


def _line(entry: ManifestEntry) -> dict[str, Any]:
    return {
        "sample": entry.sample_id,
        "consent": entry.consent_id,
        "sha256": entry.sha256,
        "label": entry.label,
        "held_out": entry.held_out,
    }


def _digest(entries: Iterable[ManifestEntry]) -> str:
    lines = sorted((_line(entry) for entry in entries), key=lambda line: line["sample"])
    return hashlib.sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()
