"""Read what a person has agreed to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import OuterRef, QuerySet, Subquery

from mood_music.errors import UserError
from privacy.holdings import count_of, files_of, rows_of
from privacy.models import AuditEvent, AuditSubject, ConsentRecord, PrivacyPreference
from privacy.purposes import ASKED, NOTICE_VERSION, SPOTIFY, Purpose, PurposeText
from privacy.registry import DataCategory, Table, categories
from privacy.subjects import Subject


@dataclass(frozen=True, slots=True)
class ConsentState:
    """Tell whether a purpose is agreed to under the present notice, and since when."""

    text: PurposeText
    granted: bool
    since: datetime | None


# What is done with moods and faces beyond the reading and the history that a person asked for.
BEYOND = frozenset({Purpose.STORE_IMAGE, Purpose.TRAIN_MODEL})


def preference_of(*, user: Any) -> PrivacyPreference:
    """Return a person's choices; those of somebody who made none limit nothing and keep no picture."""
    return PrivacyPreference.objects.filter(user=user).first() or PrivacyPreference(user=user)


def sensitive_use_limited(*, user: Any) -> bool:
    """Return whether a person wants her moods used for the reading she asks for and no more."""
    return PrivacyPreference.objects.filter(user=user, limit_sensitive=True).exists()


def consent_live(*, user: Any, purpose: Purpose) -> ConsentRecord | None:
    """Return the record by which a purpose is consented to now: the latest one, if it is a yes to the present notice.

    A yes to an older notice does not count, nor one to more than reading and history from somebody who limits the
    use of sensitive data. A database that cannot be read raises: no answer is not a yes.
    """
    latest = ConsentRecord.objects.filter(user=user, purpose=purpose).order_by("-id").first()
    if latest is None or not latest.granted or latest.notice_version != NOTICE_VERSION:
        return None
    return None if purpose in BEYOND and sensitive_use_limited(user=user) else latest


def consent_granted(*, user: Any, purpose: Purpose) -> bool:
    """Return whether a purpose is consented to now (see `consent_live`)."""
    return consent_live(user=user, purpose=purpose) is not None


def people_consenting(*, purpose: Purpose) -> QuerySet[Any]:
    """Return everybody who consents to a purpose now, as `consent_live` says it of one."""
    answers = ConsentRecord.objects.filter(user=OuterRef("pk"), purpose=purpose).order_by("-id")
    latest = answers.values("granted")[:1], answers.values("notice_version")[:1]
    people = get_user_model().objects.annotate(yes=Subquery(latest[0]), notice=Subquery(latest[1]))
    people = people.filter(yes=True, notice=NOTICE_VERSION)
    return people.exclude(privacy_preference__limit_sensitive=True) if purpose in BEYOND else people


def consent_require(*, user: Any, purpose: Purpose) -> None:
    """Raise UserError (403) unless the person consents to a purpose now."""
    if not consent_granted(user=user, purpose=purpose):
        raise UserError("consent_required", status=403)


def consent_states(*, user: Any) -> list[ConsentState]:
    """Return the state of every purpose that the site asks for, with one query.

    A purpose that is asked for elsewhere is among them while it is granted, so that it can be withdrawn here.
    """
    latest: dict[str, ConsentRecord] = {}
    for record in ConsentRecord.objects.filter(user=user).order_by("id"):
        latest[record.purpose] = record
    states = []
    for text in (*ASKED, SPOTIFY):
        answer = latest.get(text.purpose)
        granted = answer is not None and answer.granted and answer.notice_version == NOTICE_VERSION
        if text not in ASKED and not granted:
            continue
        states.append(ConsentState(text, granted, answer.created_at if answer else None))
    return states


def terms_accepted(*, user: Any) -> bool:
    """Return whether a person accepted the terms in their present version."""
    mine = AuditSubject.objects.filter(user=user).values("reference")
    accepted = AuditEvent.objects.filter(kind="terms_accepted", subject__in=mine)
    return accepted.filter(detail__version=NOTICE_VERSION).exists()


def consent_records(*, user: Any) -> QuerySet[ConsentRecord]:
    """Return a person's answers, the latest first."""
    return ConsentRecord.objects.filter(user=user)


def consent_receipt(*, user: Any) -> dict[str, Any]:
    """Return every answer of a person, the latest first, with what was asked and by whom, as one JSON object."""
    return {
        "controller": settings.CONTACT_EMAIL,
        "person": str(user.public_id),
        "answers": [
            {
                "purpose": record.purpose,
                "title": record.get_purpose_display(),
                "description": record.wording,
                "granted": record.granted,
                "at": record.created_at.isoformat(),
                "notice_version": record.notice_version,
                "notice_sha256": record.notice_sha256,
                "language": record.language,
                "given_through": record.given_through,
            }
            for record in consent_records(user=user)
        ],
    }


@dataclass(frozen=True, slots=True)
class Held:
    """Tell what is held of a person in one category: how much, and what one of it looks like."""

    category: DataCategory
    count: int
    bytes: int
    example: list[tuple[str, str]]

    @property
    def label(self) -> str:
        """Return the category's name for people."""
        return self.category.label


def held(*, user: Any) -> list[Held]:
    """Return what is held of a person now, in every category that has something to count."""
    subject = Subject.of(user)
    found = [_held(category, subject) for category in categories() if category.tables]
    return sorted(found, key=lambda item: item.count == 0)


def _held(category: DataCategory, subject: Subject) -> Held:
    table = next((t for t in category.tables if t.fields), None)
    row = rows_of(table, subject).order_by("-pk").values(*table.fields).first() if table else None
    example = [(name.split("__")[-1].replace("_", " "), _shown(value)) for name, value in (row or {}).items()]
    weight = sum(_weight(each, subject) for each in category.tables if each.fields)
    files = sum(map(default_storage.size, _present(category, subject)))
    return Held(category, count_of(category, subject), weight + files, example)


def _weight(table: Table, subject: Subject) -> int:
    """Return about how many bytes a table's rows make up as text."""
    rows = rows_of(table, subject)
    # Rows of a kind are much alike: one of them tells what all weigh, without reading a history of years.
    row = rows.order_by("-pk").values(*table.fields).first()
    return len(json.dumps(row, cls=DjangoJSONEncoder)) * rows.count() if row else 0


def _present(category: DataCategory, subject: Subject) -> list[str]:
    return [name for name in files_of(category, subject) if default_storage.exists(name)]


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    text = json.dumps(value, cls=DjangoJSONEncoder) if isinstance(value, dict | list) else str(value)
    return text if len(text) <= 160 else f"{text[:160]}…"
