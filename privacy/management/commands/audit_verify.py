"""Verify the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.audit import audit_faults
from privacy.models import AuditEvent


class Command(BaseCommand):
    """Report the first to the last fault of the chain."""

    help = "Follow the audit log's chain of hashes; fails when an event was changed, cut out or added from outside."

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say what was found."""
        faults = list(audit_faults())
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write(f"{AuditEvent.objects.count()} events, nothing changed.")
