"""Measure a version beside the one that reads."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emotion.versions.evaluating import version_evaluate
from emotion.versions.selectors import version_gates, version_named
from ml.errors import MlError


class Command(BaseCommand):
    """Measure a version and print its gates."""

    help = "Measure a version beside the active one, on the test rows of TRAINING_BASE_DATA and held-out samples."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", metavar="VERSION")

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version"])
        if version is None:
            raise CommandError(f"There is no version {options['version']}; see manage.py model_list.")
        try:
            version = version_evaluate(version)
        except MlError as error:
            raise CommandError(str(error)) from error
        for gate in version_gates(version):
            told = (
                ""
                if gate.measured is None
                else f"{gate.measured:.4f}, active {gate.active:.4f}, bound {gate.bound:.4f}"
            )
            self.stdout.write(f"{'passed' if gate.passed else 'FAILED'}  {gate.name}  {told}".rstrip())
        self.stdout.write(f"{version.version} measured on {', '.join(version.evaluation['sets']) or 'no rows at all'}")
