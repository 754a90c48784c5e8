"""Keep the clocks of requests that people send by mail."""

from __future__ import annotations

import calendar
import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.utils import timezone

from privacy.models import RightsRequest

CCPA_DAYS = 45
ALARM = datetime.timedelta(days=7)
KEPT = datetime.timedelta(days=3 * 365)


def due_date(*, law: str, received_on: datetime.date) -> datetime.date:
    """Return the last day for an answer: one month later (GDPR Art. 12(3)), or 45 days (Cal. Civ. Code 1798.130).

    A month that has no such day ends on its last one.
    """
    if law == RightsRequest.Law.CCPA:
        return received_on + datetime.timedelta(days=CCPA_DAYS)
    year, month = divmod(received_on.year * 12 + received_on.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(received_on.day, last))


def requests_due() -> QuerySet[RightsRequest]:
    """Return the open requests that are due within a week, or overdue."""
    return RightsRequest.objects.filter(closed_on=None, due_on__lte=timezone.localdate() + ALARM)


def rights_alarm() -> int:
    """Tell the operator of requests that are about to be due, each once a day; return how many. Names nobody."""
    today = timezone.localdate()
    due = list(requests_due().exclude(alarmed_on=today))
    if due:
        lines = [f"Request {r.pk}, {r.get_right_display()}: due on {r.due_on}" for r in due]
        send_mail(f"{len(due)} privacy requests are due", "\n".join(lines), None, [settings.CONTACT_EMAIL])
        RightsRequest.objects.filter(pk__in=[r.pk for r in due]).update(alarmed_on=today)
    return len(due)


def requests_past_term() -> QuerySet[RightsRequest]:
    """Return the answered requests that nobody can ask about any more."""
    return RightsRequest.objects.filter(closed_on__lt=timezone.localdate() - KEPT)
