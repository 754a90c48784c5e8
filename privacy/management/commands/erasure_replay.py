"""Erase again what a restored backup brought back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from privacy.replay import erasures_replay


class Command(BaseCommand):
    """Apply the tombstones to the database as it is."""

    help = "After restoring a backup: erase again what the tombstones say was erased since."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was found."""
        done = erasures_replay()
        self.stdout.write(f"{done.tombstones} tombstones read; {done.erased} found something to erase.")
