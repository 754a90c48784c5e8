"""Change what a person has agreed to."""

from __future__ import annotations

from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.translation import get_language

from privacy.audit import audit_write
from privacy.holdings import purpose_purge
from privacy.models import ConsentRecord, PrivacyPreference
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose, notice_hash, wording_of
from privacy.registry import erasure_order
from privacy.selectors import BEYOND, consent_granted
from privacy.subjects import Subject
from privacy.tombstones import tombstone_write

logger = structlog.get_logger(__name__)

# How long crops are kept for somebody who said yes and chose no term.
PICTURE_DAYS = 30


def person_lock(*, user_id: int) -> None:
    """Hold a person's row until the transaction ends.

    What she allows, and what is kept because of it, are then written one after the other: neither a withdrawal nor
    what it deletes can slip past the other. Whoever locks rows of hers as well takes this lock first.
    """
    get_user_model().objects.select_for_update(no_key=True).filter(pk=user_id).first()


@transaction.atomic
def consent_record(*, user: Any, purpose: Purpose, granted: bool, given_through: str) -> ConsentRecord | None:
    """Record a yes or a no, and purge the purpose's data on a no.

    Returns None when the answer is the one that already holds: the log keeps changes, not clicks.
    """
    person_lock(user_id=user.pk)
    if consent_granted(user=user, purpose=purpose) == granted:
        return None
    record = ConsentRecord.objects.create(
        user=user,
        purpose=purpose,
        granted=granted,
        wording=wording_of(purpose),
        notice_version=NOTICE_VERSION,
        notice_sha256=notice_hash(),
        language=get_language() or "en",
        given_through=given_through,
    )
    if purpose == Purpose.STORE_IMAGE:
        days = PICTURE_DAYS if granted else 0
        PrivacyPreference.objects.update_or_create(user=user, defaults={"keep_pictures_days": days})
    if not granted:
        # Before the commit: better a tombstone too many than a backup that brings back what was withdrawn.
        tombstone_write(kind="withdrawal", ref=str(user.public_id), name=purpose)
        purpose_purge(purpose, Subject.of(user))
    audit_write(kind="consent", subject=user, detail={"purpose": purpose, "granted": granted})
    logger.info("consent_recorded", consent_record_id=record.pk, purpose=purpose, granted=granted)
    return record


def terms_accept(*, user: Any) -> None:
    """Note that a person accepted the terms in their present version."""
    audit_write(kind="terms_accepted", subject=user, detail={"version": NOTICE_VERSION})


@transaction.atomic
def consent_answers_record(*, user: Any, answers: dict[Purpose, bool], given_through: str) -> None:
    """Record the answers of one form; purposes that it did not ask are left as they are."""
    for text in ASKED:
        if text.purpose in answers:
            consent_record(user=user, purpose=text.purpose, granted=answers[text.purpose], given_through=given_through)


@transaction.atomic
def picture_days_set(*, user: Any, days: int) -> None:
    """Choose how long crops of a face are kept; none at all is a withdrawal, any other term a consent."""
    consent_record(user=user, purpose=Purpose.STORE_IMAGE, granted=days > 0, given_through="privacy centre")
    PrivacyPreference.objects.update_or_create(user=user, defaults={"keep_pictures_days": days})


@transaction.atomic
def sensitive_use_limit(*, user: Any, limited: bool) -> None:
    """Limit what moods are used for to the reading asked for, or lift the limit; crops and samples go at once."""
    person_lock(user_id=user.pk)
    PrivacyPreference.objects.update_or_create(user=user, defaults={"limit_sensitive": limited})
    if limited:
        # The limit is no withdrawal, which has a tombstone of its own: name what it deletes.
        for category in erasure_order():
            if category.purpose in BEYOND:
                tombstone_write(kind="category", ref=str(user.public_id), name=category.name)
        for purpose in sorted(BEYOND):
            purpose_purge(purpose, Subject.of(user))
    audit_write(kind="sensitive_use", subject=user, detail={"limited": limited})
