"""Import a catalogue file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations.catalogue import STARTER, CatalogueError, read_catalogue
from recommendations.catalogue_imports import Comparison, catalogue_compare, catalogue_import


class Command(BaseCommand):
    """Add and update tracks from a CSV file; a file with a fault changes nothing."""

    help = "Import tracks from a CSV file (columns: see recommendations/catalogue.py); --starter for the shipped one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a file or the starter catalogue."""
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("file", nargs="?", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        group.add_argument("--starter", action="store_true", help="the catalogue that ships with the project")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and say what changed."""
        path: Path = STARTER if options["starter"] else options["file"]
        try:
            if options["dry_run"]:
                self._compare(catalogue_compare(rows=read_catalogue(path)))
                return
            done = catalogue_import(path=path)
        except (CatalogueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.created} added, {done.updated} updated, {done.unchanged} unchanged")

    def _compare(self, found: Comparison) -> None:
        for row in found.created:
            self.stdout.write(f"+ {row.title} by {row.artist}")
        for changed in found.changed:
            told = ", ".join(f"{each.column} {each.old!r} -> {each.new!r}" for each in changed.differences)
            self.stdout.write(f"~ {changed.track}: {told}")
        self.stdout.write(
            f"{len(found.created)} would be added, {len(found.changed)} updated, {found.unchanged} unchanged"
        )
