"""Print the record of processing activities, or write it into the documentation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.record import generated, record, written_into


class Command(BaseCommand):
    """Print Markdown, or JSON, or bring a document up to date."""

    help = "Print the record of processing activities (GDPR Art. 30), made from the registry."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the form and the document."""
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--json", action="store_true")
        group.add_argument("--write", type=Path, metavar="DOCUMENT", help="replace the generated part of a document")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write."""
        if options["write"]:
            try:
                text = written_into(options["write"].read_text())
            except (OSError, ValueError) as error:
                raise CommandError(str(error)) from error
            options["write"].write_text(text)
        else:
            self.stdout.write(json.dumps(record(), indent=1) if options["json"] else generated())
