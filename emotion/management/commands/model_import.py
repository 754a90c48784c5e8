"""Take in an artifact as a candidate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emotion.forms import words
from emotion.versions.imports import version_import
from ml.errors import ArtifactError
from mood_music.errors import UserError


class Command(BaseCommand):
    """Check a folder or ZIP file and make a candidate of it."""

    help = "Take in an artifact, a folder or a ZIP file of its three files, as a candidate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, metavar="FILE|DIR")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            version = version_import(source=options["source"], actor=None)
        except ArtifactError as error:
            raise CommandError(f"Nothing was taken in: {error}") from error
        except UserError as error:
            raise CommandError(words(error.message_id)) from error
        self.stdout.write(f"{version.version} is a candidate. Measure it: manage.py model_evaluate {version.version}")
