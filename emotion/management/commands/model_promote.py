"""Make a version the active one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from emotion.forms import words
from emotion.versions.selectors import version_gates, version_named
from emotion.versions.services import version_promote
from mood_music.errors import UserError


class Command(BaseCommand):
    """Promote a version that passes every gate, or past one for a written reason."""

    help = "Make a version the active one; workers read with it from their next task on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", metavar="VERSION")
        parser.add_argument(
            "--override-reason", default="", metavar="TEXT", help="why it shall read past a failed gate (audited)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        version = version_named(options["version"])
        if version is None:
            raise CommandError(f"There is no version {options['version']}; see manage.py model_list.")
        try:
            version_promote(version=version, actor=None, override_reason=options["override_reason"])
        except UserError as error:
            failed = [gate.name for gate in version_gates(version) if not gate.passed]
            raise CommandError("\n".join([words(error.message_id), *(f"failed: {name}" for name in failed)])) from error
        self.stdout.write(f"{version.version} is active.")
