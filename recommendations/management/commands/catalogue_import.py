"""Import a catalogue file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from recommendations.catalogue import STARTER, CatalogueError
from recommendations.services import catalogue_import


class Command(BaseCommand):
    """Add and update tracks from a CSV file; a file with a fault changes nothing."""

    help = "Import tracks from a CSV file (columns: see recommendations/catalogue.py); --starter for the shipped one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a file or the starter catalogue."""
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("file", nargs="?", type=Path)
        group.add_argument("--starter", action="store_true", help="the catalogue that ships with the project")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and say what changed."""
        path: Path = STARTER if options["starter"] else options["file"]
        try:
            done = catalogue_import(path=path)
        except (CatalogueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{done.created} added, {done.updated} updated, {done.unchanged} unchanged")
