"""Enforce the retention policy, or show what it would delete."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from privacy.retention import retention_enforce


class Command(BaseCommand):
    """Apply every rule of the policy and print one line for each."""

    help = "Delete what has passed its term (beat does it every hour); --dry-run only counts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to delete."""
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Apply or count."""
        for done in retention_enforce(dry_run=options["dry_run"]):
            self.stdout.write(f"{done.count:8}  {done.rule}: {done.what} ({done.term})")
