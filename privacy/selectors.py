"""Read what a person has agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mood_music.errors import UserError
from privacy.models import ConsentRecord
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose, PurposeText
from privacy.registry import categories


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
        record = latest.get(text.purpose)
        granted = record is not None and record.granted and record.notice_version == NOTICE_VERSION
        states.append(ConsentState(text, granted, record.created_at if record else None))
    return states


def held(*, user: Any) -> list[dict[str, object]]:
    """Return what is held of a person now: label, count and term of every registered category."""
    return [{"label": c.label, "count": c.count(user), "retention": c.retention} for c in categories()]
