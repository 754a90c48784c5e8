"""Read versions: how they compare, what stands in the way of a promotion, how a candidate does in the shadow."""

from __future__ import annotations

from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.versions.gates import Gate, gates


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
