"""The retention rules of what the privacy app itself holds, and of files that processes write."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from privacy.exports import exports_expire, exports_past_term
from privacy.models import DataExport, ErasureRequest
from privacy.places import mail_files
from privacy.registry import RetentionRule, register_rule
from privacy.rights import KEPT, requests_past_term

EXPORT_ROWS = datetime.timedelta(days=30)
ERASURE_ROWS = datetime.timedelta(days=365)
MAILS = datetime.timedelta(days=30)


def _sessions() -> Any:
    return Session.objects.filter(expire_date__lt=timezone.now())


def _export_rows() -> Any:
    over = DataExport.objects.exclude(status__in=DataExport.OPEN).filter(file="")
    return over.filter(created_at__lt=timezone.now() - EXPORT_ROWS)


def _erasure_rows() -> Any:
    over = ErasureRequest.objects.filter(status__in=ErasureRequest.FINAL)
    return over.filter(finished_at__lt=timezone.now() - ERASURE_ROWS)


def _files(paths: Iterator[Path], age: datetime.timedelta) -> list[Path]:
    return [path for path in paths if path.stat().st_mtime < time.time() - age.total_seconds()]


def _mails() -> list[Path]:
    return _files(mail_files(), MAILS)


def _tombstones() -> list[Path]:
    return _files(settings.TOMBSTONES_DIR.glob("*.json"), datetime.timedelta(days=settings.TOMBSTONE_DAYS))


def _unlink(paths: list[Path]) -> int:
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def register_all() -> None:
    """Declare the terms."""
    rule = RetentionRule
    register_rule(
        rule(
            name="export_files",
            what="Copies of people's data",
            term=f"{settings.EXPORT_HOURS} hours after they are ready",
            due=lambda: exports_past_term().count(),
            apply=exports_expire,
        )
    )
    register_rule(
        rule(
            name="export_rows",
            what="The note that a copy was asked for",
            term=f"{EXPORT_ROWS.days} days",
            due=lambda: _export_rows().count(),
            apply=lambda: _export_rows().delete()[0],
        )
    )
    register_rule(
        rule(
            name="erasure_rows",
            what="The note that something was deleted (it names nobody)",
            term=f"{ERASURE_ROWS.days} days",
            due=lambda: _erasure_rows().count(),
            apply=lambda: _erasure_rows().delete()[0],
        )
    )
    register_rule(
        rule(
            name="tombstones",
            what="Tombstones: hashes of random numbers, against restored backups",
            term=f"{settings.TOMBSTONE_DAYS} days, which is longer than any backup may be kept",
            due=lambda: len(_tombstones()),
            apply=lambda: _unlink(_tombstones()),
        )
    )
    register_rule(
        rule(
            name="rights_requests",
            what="Requests that came by mail",
            term=f"{KEPT.days // 365} years after they were answered",
            due=lambda: requests_past_term().count(),
            apply=lambda: requests_past_term().delete()[0],
        )
    )
    register_rule(
        rule(
            name="sessions",
            what="Sessions of people who did not come back",
            term=f"{settings.SESSION_COOKIE_AGE // 86400} days after the last log-in",
            due=lambda: _sessions().count(),
            apply=lambda: _sessions().delete()[0],
        )
    )
    register_rule(
        rule(
            name="mail_files",
            what="Mails that were written to files, where the site sends none",
            term=f"{MAILS.days} days",
            due=lambda: len(_mails()),
            apply=lambda: _unlink(_mails()),
        )
    )
