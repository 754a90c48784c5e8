"""Erase an account or one category: at once, again after a crash, and never called done while anything is left.

The state machine is drawn on `ErasureRequest`. Each step may run twice; its name is noted in the transaction that
ends it, so that a run which died goes on with the step it died in.

1. All but the account: tombstone, withdrawal of every consent, every category that is not `with_account`, files.
2. The time in which the person can call it off; what is erased stays erased.
3. The account: tombstone, every category again (she may have come back meanwhile), files.
4. Look for residue in database, files, cache, queue and logs. With any, the request stays open and is tried again.
5. Tell her what was erased, and forget whom it was about.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone

from mood_music.errors import UserError
from privacy.audit import audit_write, reference_of
from privacy.holdings import category_erase, copies_erase, count_of, files_held, files_left, residue_of
from privacy.models import ErasureRequest
from privacy.purposes import Purpose
from privacy.registry import DataCategory, categories, category_named, erasure_order
from privacy.selectors import consent_granted
from privacy.services import consent_record
from privacy.subjects import Subject
from privacy.tombstones import tombstone_write

logger = structlog.get_logger(__name__)

Status = ErasureRequest.Status
Step = tuple[str, Callable[[ErasureRequest], None]]


def erasable() -> list[DataCategory]:
    """Return the categories that a person can have erased alone."""
    return [c for c in categories() if c.tables and not c.with_account and not c.hangs_on]


class NotTold(Exception):
    """Say that all is erased but the mail that tells of it could not be sent."""


def erasure_request(*, user: Any, scope: str, by: Any = None) -> ErasureRequest:
    """Erase an account or one category now, as far as it can be done at once; return the request.

    `by` is the administrator who does it at the person's wish. Raises UserError for a scope that cannot be erased.
    A second wish while the first is open is the first.
    """
    if scope != ErasureRequest.ACCOUNT and scope not in {c.name for c in erasable()}:
        raise UserError("unknown_category")
    with transaction.atomic():
        # Lock the person's row: of two clicks at once, the second finds the request of the first.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        open_ones = ErasureRequest.objects.filter(user=user, scope=scope).exclude(status__in=ErasureRequest.FINAL)
        request = open_ones.first() or _request_create(user, scope, by)
    try:
        return erasure_run(request=request)
    except NotTold:
        # The data are gone. The request stays open, so that the sweeper sends the mail when it can.
        logger.exception("erasure_not_told", erasure_request_id=request.pk)
        return request


def _request_create(user: Any, scope: str, by: Any) -> ErasureRequest:
    subject = Subject.of(user)
    whole = scope == ErasureRequest.ACCOUNT
    chosen = categories() if whole else [category_named(scope)]
    grace = datetime.timedelta(hours=settings.ERASURE_GRACE_HOURS if whole else 0)
    request = ErasureRequest.objects.create(
        user=user,
        scope=scope,
        reference=reference_of(user),
        identifiers=_identifiers(subject),
        counts={c.name: count_of(c, subject) for c in chosen if c.tables},
        due_at=timezone.now() + grace,
    )
    audit_write(kind="erasure_requested", subject=user, actor=by, detail={"scope": scope})
    return request


def _identifiers(subject: Subject) -> dict[str, Any]:
    return {
        "user_id": subject.user_id,
        "public_id": subject.public_id,
        "emails": list(subject.emails),
        # All of them: with one category's rows, rows of others may go that name files as well.
        "files": sorted(files_held(subject)),
    }


def subject_of(request: ErasureRequest) -> Subject:
    """Return whom an open request is about, whether or not the account still exists."""
    known = request.identifiers
    return Subject(known["user_id"], known["public_id"], tuple(known["emails"]))


def erasure_run(*, request: ErasureRequest) -> ErasureRequest:
    """Take a request as far as it can go now; safe to call at any time, also twice at once."""
    request.refresh_from_db()
    if request.status == Status.REQUESTED:
        if request.scope == ErasureRequest.ACCOUNT:
            _steps_run(request, _steps_now(request))
            _move(request, Status.REQUESTED, Status.GRACE)
        else:
            _move(request, Status.REQUESTED, Status.ERASING)
    if request.status == Status.GRACE and request.due_at <= timezone.now():
        _files_refresh(request)
        _move(request, Status.GRACE, Status.ERASING)
    if request.status == Status.ERASING:
        _steps_run(request, _steps_last(request))
    return request


def _move(request: ErasureRequest, old: Status, new: Status) -> None:
    ErasureRequest.objects.filter(pk=request.pk, status=old).update(status=new, updated_at=timezone.now())
    # Whoever moved it, and whereto (it may have been called off): go on from what the row says.
    request.refresh_from_db()


def _files_refresh(request: ErasureRequest) -> None:
    """Note the files of whatever came into being while the deletion could be called off."""
    request.identifiers = _identifiers(subject_of(request))
    request.save(update_fields=["identifiers", "updated_at"])


def _steps_run(request: ErasureRequest, steps: Iterator[Step]) -> None:
    for name, run in steps:
        if name in request.steps:
            continue
        step_reached(request.pk, name)
        run(request)
        if name == "verify" and request.residue:
            return
        if request.status not in ErasureRequest.FINAL:
            request.steps = [*request.steps, name]
            request.save(update_fields=["steps", "updated_at"])


def step_reached(request_id: int, name: str) -> None:
    """Note in the log that a step begins."""
    logger.info("erasure_step", erasure_request_id=request_id, step=name)


def _erase(category: DataCategory) -> Callable[[ErasureRequest], None]:
    return lambda request: category_erase(category, subject_of(request))


def _tombstone(kind: str, name: str = "") -> Callable[[ErasureRequest], None]:
    return lambda request: _tombstone_write(request, kind, name)


def _tombstone_write(request: ErasureRequest, kind: str, name: str) -> None:
    tombstone_write(kind=kind, ref=request.identifiers["public_id"], name=name)


def _steps_now(request: ErasureRequest) -> Iterator[Step]:
    yield "tombstone data", _tombstone("data")
    # Without consent nothing that is under way may be read or stored.
    yield "withdraw consents", _withdraw
    for category in erasure_order():
        if not category.with_account:
            yield f"erase {category.name} at once", _erase(category)
    yield "files at once", _files_delete


def _steps_last(request: ErasureRequest) -> Iterator[Step]:
    if request.scope == ErasureRequest.ACCOUNT:
        yield "tombstone account", _tombstone("account")
        for category in erasure_order():
            yield f"erase {category.name}", _erase(category)
    else:
        yield "tombstone category", _tombstone("category", request.scope)
        yield f"erase {request.scope}", _erase(category_named(request.scope))
        # A copy that waits to be fetched still holds it.
        yield "erase copies", lambda request: copies_erase(subject_of(request))
    yield "files", _files_delete
    yield "verify", _verify
    yield "tell", _tell
    yield "close", _close


def _withdraw(request: ErasureRequest) -> None:
    user = request.user
    for purpose in Purpose if user else ():
        if consent_granted(user=user, purpose=purpose):
            consent_record(user=user, purpose=purpose, granted=False, given_through="erasure of the account")


def _files_delete(request: ErasureRequest) -> None:
    # A crash between a commit and the deletion of its files leaves files without rows: go by the names noted before.
    for name in _files_over(request):
        default_storage.delete(name)


def _files_over(request: ErasureRequest) -> list[str]:
    """Return those of the files noted before that no row names any more."""
    return sorted(set(request.identifiers["files"]) - files_held(subject_of(request)))


def _log_left() -> list[str]:
    """Empty SQLite's write-ahead log, which still holds what was deleted, and tell whether a reader kept it from that.

    PostgreSQL overwrites what was deleted at its next vacuum.
    """
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return ["the database's write-ahead log"] if busy else []


def residue(request: ErasureRequest) -> list[str]:
    """Return what is left of what a request is to erase, in words without anything personal."""
    subject = subject_of(request)
    chosen = categories() if request.scope == ErasureRequest.ACCOUNT else [category_named(request.scope)]
    found = [line for category in chosen for line in residue_of(category, subject)]
    files = files_left(_files_over(request))
    return [*found, f"{len(files)} files"] if files else found


def _verify(request: ErasureRequest) -> None:
    request.residue = [*residue(request), *_log_left()]
    if request.residue:
        # Something is left, or came back: erase once more at the next run.
        request.steps = [name for name in request.steps if not name.startswith(("erase", "files"))]
        logger.error("erasure_left_residue", erasure_request_id=request.pk, residue=request.residue)
        request.save(update_fields=["residue", "steps", "updated_at"])


def _tell(request: ErasureRequest) -> None:
    erased = [{"label": c.label, "count": request.counts[c.name]} for c in categories() if request.counts.get(c.name)]
    context = {
        "whole": request.scope == ErasureRequest.ACCOUNT,
        "erased": erased,
        "contact_email": settings.CONTACT_EMAIL,
    }
    subject = "Your account is deleted" if context["whole"] else "What you asked us to delete is deleted"
    # The first address is the one she logs in with; others may not be confirmed to be hers.
    text = render_to_string("email/erasure_done.txt", context)
    try:
        send_mail(subject, text, None, request.identifiers["emails"][:1])
    except OSError as error:
        raise NotTold from error


def _close(request: ErasureRequest) -> None:
    with transaction.atomic():
        closed = ErasureRequest.objects.filter(pk=request.pk, status=Status.ERASING).update(
            status=Status.DONE, identifiers={}, finished_at=timezone.now(), updated_at=timezone.now()
        )
        if closed:
            detail = {"scope": request.scope, "counts": request.counts}
            audit_write(kind="erasure_done", subject_ref=request.reference, detail=detail)
    # Once more, for the identifiers that this row itself held. A reader in the way only puts it off: SQLite does it
    # by itself after some pages.
    _log_left()
    request.refresh_from_db()


def erasure_cancel(*, user: Any) -> bool:
    """Call the deletion of an account off; what was erased stays erased. Returns whether there was time left."""
    with transaction.atomic():
        waiting = ErasureRequest.objects.filter(user=user, scope=ErasureRequest.ACCOUNT, status=Status.GRACE)
        called_off = waiting.update(status=Status.CANCELLED, identifiers={}, finished_at=timezone.now())
        if called_off:
            audit_write(kind="erasure_cancelled", subject=user)
    return bool(called_off)


def erasure_pending(*, user: Any) -> ErasureRequest | None:
    """Return the deletion of an account that can still be called off."""
    return ErasureRequest.objects.filter(user=user, scope=ErasureRequest.ACCOUNT, status=Status.GRACE).first()


# A run that noted nothing for so long has died, or found residue.
STALE = datetime.timedelta(minutes=1)


def erasures_due() -> list[int]:
    """Return the ids of requests that have something left to do."""
    now = timezone.now()
    open_ones = ErasureRequest.objects.filter(updated_at__lt=now - STALE).exclude(status__in=ErasureRequest.FINAL)
    return list(open_ones.exclude(status=Status.GRACE, due_at__gt=now).order_by("pk").values_list("pk", flat=True))
