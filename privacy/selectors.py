"""Read what a person has agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from mood_music.errors import UserError
from privacy.holdings import count_of
from privacy.models import ConsentRecord
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose, PurposeText
from privacy.registry import categories
from privacy.subjects import Subject


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Tell whether a purpose is agreed to under the present notice, and since when."""

    text: PurposeText
    granted: bool
    since: datetime | None


def consent_granted(*, user: Any, purpose: Purpose) -> bool:
    """Return whether the latest record of a purpose is a yes to the present notice.

    A yes to an older notice does not count. A database that cannot be read raises: no answer is not a yes.
    """
    latest = ConsentRecord.objects.filter(user=user, purpose=purpose).order_by("-id").first()
    return latest is not None and latest.granted and latest.notice_version == NOTICE_VERSION


def consent_require(*, user: Any, purpose: Purpose) -> None:
    """Raise UserError (403) unless the person consents to a purpose now."""
    if not consent_granted(user=user, purpose=purpose):
        raise UserError("consent_required", status=403)


def consent_states(*, user: Any) -> list[ConsentState]:
    """Return the state of every purpose that the site asks for, with one query."""
    latest: dict[str, ConsentRecord] = {}
    for record in ConsentRecord.objects.filter(user=user).order_by("id"):
        latest[record.purpose] = record
    states = []
    for text in ASKED:
        answer = latest.get(text.purpose)
        granted = answer is not None and answer.granted and answer.notice_version == NOTICE_VERSION
        states.append(ConsentState(text, granted, answer.created_at if answer else None))
    return states


def consent_records(*, user: Any) -> QuerySet[ConsentRecord]:
    """Return a person's answers, the latest first."""
    return ConsentRecord.objects.filter(user=user)


def held(*, user: Any) -> list[dict[str, object]]:
    """Return what is held of a person now: label, count and term of every category that has something to count."""
    subject = Subject.of(user)
    return [
        {"label": c.label, "count": count_of(c, subject), "retention": c.retention, "why": c.why, "seen_by": c.seen_by}
        for c in categories()
        if c.tables
    ]
