"""The retention rules of accounts."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone

from accounts import inactivity
from privacy.registry import RetentionRule, register_rule


def _sessions_over() -> Any:
    alive = Session.objects.filter(expire_date__gte=timezone.now())
    return UserSession.objects.exclude(session_key__in=alive.values("session_key"))


def _counts_over(statement: str) -> int:
    """Run a statement on the cache's rows past their term; return the number it yields, or of the rows it deleted.

    Django deletes such a row only when its key is asked for again, or once the table is full.
    """
    if not isinstance(caches["default"], DatabaseCache):
        return 0
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    table = connection.ops.quote_name(settings.CACHES["default"]["LOCATION"])
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} FROM {table} WHERE expires < %s", [now])
        return int(cursor.fetchone()[0]) if cursor.description else int(cursor.rowcount)


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
    register_rule(
        RetentionRule(
            name="session_list",
            what="Address and browser of sessions that are over",
            term="at once when you log out, otherwise within the hour after the session ended",
            due=lambda: _sessions_over().count(),
            apply=lambda: _sessions_over().delete()[0],
        )
    )
    register_rule(
        RetentionRule(
            name="attempt_counts",
            what="Counts of attempts to log in",
            term="a day at most, and then within the hour",
            due=lambda: _counts_over("SELECT COUNT(*)"),
            apply=lambda: _counts_over("DELETE"),
        )
    )
