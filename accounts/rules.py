"""The retention rules of accounts."""

from __future__ import annotations

from django.conf import settings

from accounts import inactivity
from privacy.registry import RetentionRule, register_rule


def register_all() -> None:
    """Declare the terms."""
    register_rule(
        RetentionRule(
            name="inactive_reminders",
            what="Accounts that lie idle: the reminder",
            term=f"{inactivity.NOTICE.days} days before they are deleted",
            due=lambda: inactivity.to_remind().count(),
            apply=inactivity.inactive_remind,
        )
    )
    register_rule(
        RetentionRule(
            name="inactive_accounts",
            what="Accounts that lie idle, with everything",
            term=f"{settings.INACTIVE_ACCOUNT_DAYS} days after the last log-in",
            due=lambda: inactivity.to_delete().count(),
            apply=inactivity.inactive_delete,
        )
    )
