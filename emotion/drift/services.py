"""Open an alert when people correct more than they did, tell those who may act on it, and close it."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth.backends import ModelBackend
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from emotion.drift.rising import has_risen
from emotion.drift.selectors import RECENT, corrected_shares
from emotion.models import DriftAlert
from mood_music.errors import UserError
from privacy.audit import audit_write

logger = structlog.get_logger(__name__)


def drift_check() -> list[DriftAlert]:
    """Open an alert for every version whose corrections rose; return those that are new.

    A version has one open alert at most. After one was closed the next is a week away at least: until then the days
    that it was about are counted again.
    """
    now = timezone.now()
    quiet = set(DriftAlert.objects.filter(closed_at__gte=now - RECENT).values_list("version", flat=True))
    opened = []
    for version, (before, recent) in corrected_shares(now).items():
        if version in quiet or not has_risen(before, recent):
            continue
        figures = {
            "before_rate": before.rate,
            "before_count": before.readings,
            "recent_rate": recent.rate,
            "recent_count": recent.readings,
        }
        alert, created = DriftAlert.objects.get_or_create(version=version, closed_at=None, defaults=figures)
        if created:
            logger.warning("drift_alert_opened", alert_id=alert.pk, version=version)
            opened.append(alert)
    if opened:
        _tell(opened)
    return opened


def _tell(alerts: list[DriftAlert]) -> None:
    """Send a mail to each of the staff who may promote another version; nobody sees the others' addresses.

    A mail that cannot be sent takes no alert back: it is logged, and the page shows the alert all the same.
    """
    people = ModelBackend().with_perm("emotion.promote_modelversion").filter(is_staff=True).order_by("pk")
    text = render_to_string("email/drift_alert.txt", {"alerts": alerts})
    letters = [EmailMessage("People correct more readings", text, None, [person.email]) for person in people]
    try:
        get_connection().send_messages(letters)
    except OSError:
        logger.exception("drift_mail_failed", alerts=[alert.pk for alert in alerts])


@transaction.atomic
def drift_alert_close(*, alert_id: int, actor: Any) -> None:
    """Close an alert that somebody has looked into. Raises UserError when it is closed already, or never was."""
    open_alert = DriftAlert.objects.filter(pk=alert_id, closed_at=None)
    if not open_alert.update(closed_at=timezone.now(), closed_by=actor):
        raise UserError("alert_closed", status=409)
    audit_write(kind="drift_alert_closed", actor=actor, detail={"alert": alert_id})
