"""Read versions: how they compare, what stands in the way of a promotion, how a candidate does in the shadow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import Count, F, Q

from emotion.models import ModelVersion, ShadowReading
from emotion.models.versions import active_version
from emotion.statistics import SMALLEST_GROUP
from emotion.versions.gates import Gate, gates
from ml import artifacts
from ml.errors import ArtifactError


def version_folder(version: ModelVersion) -> Path:
    """Return the folder of a version's artifact. Nothing says that it is there, or whole: see `ml.artifacts.check`."""
    return Path(settings.MODELS_DIR) / version.version


def version_whole(version: ModelVersion) -> bool:
    """Tell whether a version's files are there and what they were when it came in."""
    try:
        return artifacts.check(version_folder(version)).sha256 == version.sha256
    except ArtifactError:
        return False


def version_gates(version: ModelVersion, active: ModelVersion | None = None) -> list[Gate]:
    """Return the gates of a version against the active one; without an active one there are none.

    Figures beside another version than the one that reads now compare with nothing.
    """
    active = active or active_version()
    if active is None or active.pk == version.pk:
        return []
    current = version.evaluation.get("compared_with") == active.version
    return gates(version.evaluation, version.evaluation["reference"] if current else {})


def version_before(active: ModelVersion) -> ModelVersion | None:
    """Return the version that was active before another: the one to roll back to. None where it was the first.

    The order is that of promotions, which going back does not change: going back twice leads two versions back.
    """
    earlier = ModelVersion.objects.filter(status=ModelVersion.Status.RETIRED, promoted_at__lt=active.promoted_at)
    found: ModelVersion | None = earlier.order_by("-promoted_at").first()
    return found


def version_named(name: str) -> ModelVersion | None:
    """Return the version of a name, or None."""
    found: ModelVersion | None = ModelVersion.objects.filter(version=name).first()
    return found


@dataclass(frozen=True, slots=True)
class Agreement:
    """Say how a candidate that looks on agrees with the active version, over at least ten people.

    `readings` is rounded down to tens; the rest are shares. `cells` are pairs of what the active version and the
    candidate said, where they differ, with their number, each again over ten people at least. `right` compares both
    with the words of people who gave one: how often the active version and how often the candidate said the same, and
    over how many readings; None where fewer than ten people did.
    """

    readings: int
    agreed: float
    sure: float
    candidate_sure: float
    cells: list[tuple[str, str, int]]
    right: tuple[float, float, int] | None


def shadow_agreement(version: ModelVersion) -> Agreement | None:
    """Return what a candidate's looking on has shown so far; None where fewer than ten people stand behind it."""
    seen = ShadowReading.objects.filter(version=version)
    whole = seen.aggregate(
        people=Count("reading__user", distinct=True),
        n=Count("pk"),
        agreed=Count("pk", filter=Q(dominant=F("reading__dominant"))),
        active_sure=Count("pk", filter=Q(reading__sure=True)),
        candidate_sure=Count("pk", filter=Q(sure=True)),
    )
    if whole["people"] < SMALLEST_GROUP:
        return None
    differing = (
        seen.exclude(dominant=F("reading__dominant"))
        .values("reading__dominant", "dominant")
        .annotate(people=Count("reading__user", distinct=True), n=Count("pk"))
        .filter(people__gte=SMALLEST_GROUP)
        .order_by("-n", "reading__dominant", "dominant")
    )
    told = seen.exclude(reading__corrected_emotion="").aggregate(
        people=Count("reading__user", distinct=True),
        n=Count("pk"),
        active=Count("pk", filter=Q(reading__corrected_emotion=F("reading__dominant"))),
        candidate=Count("pk", filter=Q(reading__corrected_emotion=F("dominant"))),
    )
    return Agreement(
        readings=_tens(whole["n"]),
        agreed=whole["agreed"] / whole["n"],
        sure=whole["active_sure"] / whole["n"],
        candidate_sure=whole["candidate_sure"] / whole["n"],
        cells=[(cell["reading__dominant"], cell["dominant"], _tens(cell["n"])) for cell in differing],
        right=(
            (told["active"] / told["n"], told["candidate"] / told["n"], _tens(told["n"]))
            if told["people"] >= SMALLEST_GROUP
            else None
        ),
    )


def _tens(count: int) -> int:
    """Round down, so that two looks a moment apart do not show the one reading in between."""
    return count // 10 * 10
