"""Write the artifact of a version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emotion.versions.imports import version_export
from emotion.versions.selectors import version_named
from ml.errors import ArtifactError


class Command(BaseCommand):
    """Write a folder or a ZIP file."""

    help = "Write the artifact of a version to a folder, or to a ZIP file where the target ends with .zip."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", metavar="VERSION")
        parser.add_argument("target", type=Path, metavar="TARGET")

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version"])
        if version is None:
            raise CommandError(f"There is no version {options['version']}; see manage.py model_list.")
        try:
            version_export(version=version, target=options["target"])
        except ArtifactError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{version.version} written to {options['target']}")
