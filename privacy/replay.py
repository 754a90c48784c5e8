"""Erase again what a restored backup brought back, as the tombstones say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.contrib.auth import get_user_model
from django.db import transaction

from mood_music.files import delete_after_commit
from privacy.audit import audit_write
from privacy.holdings import category_erase, file_fields, model_of, rows_of
from privacy.models import ConsentRecord
from privacy.purposes import Purpose
from privacy.registry import DataCategory, category_named, erasure_order
from privacy.services import consent_record
from privacy.subjects import Subject
from privacy.tombstones import Tombstone, ref_of, tombstones

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Count what a replay did: tombstones read, and those that found something to erase."""

    tombstones: int
    erased: int


def erasures_replay() -> Replayed:
    """Apply every tombstone to the database as it is; doing it twice changes nothing more."""
    stones = list(tombstones())
    people = {ref_of(str(user.public_id)): user for user in get_user_model().objects.iterator()} if stones else {}
    things = _things({stone.name for stone in stones if stone.kind == "one"})
    erased = 0
    for stone in stones:
        if stone.kind == "one":
            found = things.get(stone.ref)
            if found:
                category_named(stone.name).erase_one(found)  # type: ignore[misc]
                erased += 1
        elif stone.ref in people:
            erased += _person_replay(stone, people[stone.ref])
    audit_write(kind="erasures_replayed", detail={"tombstones": len(stones), "erased": erased})
    logger.info("erasures_replayed", tombstones=len(stones), erased=erased)
    return Replayed(len(stones), erased)


def _things(names: set[str]) -> dict[str, str]:
    """Return the public ids of the categories that know single things, by their digests."""
    found: dict[str, str] = {}
    for name in names:
        for table in category_named(name).tables:
            model = model_of(table)
            if "public_id" in {field.name for field in model._meta.concrete_fields}:
                ids = model._default_manager.values_list("public_id", flat=True)
                found |= {ref_of(str(public_id)): str(public_id) for public_id in ids.iterator()}
    return found


def _person_replay(stone: Tombstone, user: Any) -> bool:
    subject = Subject.of(user)
    match stone.kind:
        case "account":
            for category in erasure_order():
                category_erase(category, subject)
            return True
        case "data":
            return sum(_older_erase(c, subject, stone) for c in erasure_order() if not c.with_account) > 0
        case "category":
            return _older_erase(category_named(stone.name), subject, stone)
        case "withdrawal":
            return _withdrawal_replay(Purpose(stone.name), user, stone)
    raise ValueError(f"a tombstone of kind {stone.kind}")


def _older_erase(category: DataCategory, subject: Subject, stone: Tombstone) -> bool:
    """Delete the rows of a category that are older than a tombstone, with their files; keep what came later."""
    if category.erase_older:
        return category.erase_older(subject, stone.moment) > 0
    erased = False
    with transaction.atomic():
        for table in category.tables:
            rows = rows_of(table, subject)
            if table.created:
                rows = rows.filter(**{f"{table.created}__lt": stone.moment})
            fields = file_fields(table)
            for name in [name for field in fields for name in rows.values_list(field, flat=True)]:
                delete_after_commit(name)
            # A part of a row: only its file goes; the row is another category's.
            count = rows.update(**dict.fromkeys(fields, "")) if table.part else rows.delete()[0]
            erased = erased or bool(count)
    return erased


def _withdrawal_replay(purpose: Purpose, user: Any, stone: Tombstone) -> bool:
    latest = ConsentRecord.objects.filter(user=user, purpose=purpose).order_by("-id").first()
    if latest is None or not latest.granted or latest.created_at > stone.moment:
        return False
    return consent_record(user=user, purpose=purpose, granted=False, given_through="replay of a withdrawal") is not None
