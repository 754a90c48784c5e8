"""Which samples a run would learn from."""

from __future__ import annotations

from typing import Any

from emotion.models import TrainingRun, TrainingSampleQuerySet
from emotion.samples.selectors import samples_for_training


def samples_teaching() -> TrainingSampleQuerySet:
    """Return the samples that may be learned from: accepted, consented to, and not held out."""
    found: TrainingSampleQuerySet = samples_for_training().filter(held_out=False)
    return found


def samples_new() -> TrainingSampleQuerySet:
    """Return those from which no finished run has learned yet."""
    seen = TrainingRun.objects.filter(status=TrainingRun.Status.DONE)
    found: TrainingSampleQuerySet = samples_teaching().exclude(manifest_entries__run__in=seen)
    return found


def manifest_counts(run: TrainingRun) -> dict[str, Any]:
    """Return how many samples a run's list names, by side and by label, and how many of them were withdrawn."""
    taught: dict[str, int] = {}
    held_out = withdrawn = 0
    for label, held, gone in run.manifest.values_list("label", "held_out", "withdrawn_at"):
        withdrawn += gone is not None
        held_out += held
        if not held:
            taught[label] = taught.get(label, 0) + 1
    return {"taught": dict(sorted(taught.items())), "held_out": held_out, "withdrawn": withdrawn}
