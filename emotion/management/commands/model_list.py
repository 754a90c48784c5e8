"""List the versions of the network."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from emotion.models import ModelVersion
from emotion.versions.gates import PROTOCOL


class Command(BaseCommand):
    """Print one line a version, the newest first."""

    help = "List the versions of the network: state, origin, when they were promoted, figures."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the table."""
        for version in ModelVersion.objects.all():
            promoted = f"{version.promoted_at:%Y-%m-%d %H:%M}" if version.promoted_at else "never promoted"
            columns = [f"{version.version:<30}", f"{version.status:<9}", f"{version.origin:<8}", f"{promoted:<16}"]
            figures = [
                f"{name} {PROTOCOL}: accuracy {found['reports'][PROTOCOL]['accuracy']:.3f}, "
                f"macro-F1 {found['reports'][PROTOCOL]['macro_f1']:.3f}"
                for name, found in version.evaluation.get("sets", {}).items()
            ]
            remarks = [f"looks on at {version.shadow_percent} %"] if version.in_shadow else []
            remarks += [f"replace by {version.retire_by}"] if version.retire_by else []
            remarks += [f"cannot be loaded: {version.load_error}"] if version.load_error else []
            self.stdout.write("  ".join([*columns, *figures, *remarks]).rstrip())
