"""Ask for, build, fetch and end copies of one's data. The state machine is drawn on `DataExport`."""

from __future__ import annotations

import datetime
import hashlib
import tempfile
import uuid
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueDown

from mood_music.files import delete_after_commit
from privacy.archive import archive_write
from privacy.audit import audit_write
from privacy.models import DataExport
from privacy.subjects import Subject

logger = structlog.get_logger(__name__)

Status = DataExport.Status
MAX_ATTEMPTS = 3
# Progress renews it; a builder that is silent for so long is taken for dead.
LEASE = datetime.timedelta(minutes=2)
# A mail that was not sent by then is sent by the sweeper.
TELL_AGAIN = datetime.timedelta(minutes=1)
# Older than this, a file without a row belongs to no transaction that could still commit.
ORPHAN_AGE = datetime.timedelta(hours=1)


class Stopped(Exception):
    """Say that an export was cancelled, erased, or taken over while it was being built."""


def session_digest(session_key: str | None) -> str:
    """Return what a session is recognised by, without being its key."""
    return hashlib.sha256(f"export:{session_key}".encode()).hexdigest()


def export_request(*, user: Any, session_key: str | None, link: str) -> DataExport:
    """Queue a copy of a person's data and drop an older one; while one is under way, return that one."""
    with transaction.atomic():
        # Lock the person's row: of two clicks at once, the second finds the export of the first.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        mine = DataExport.objects.filter(user=user)
        under_way = mine.filter(status__in=DataExport.OPEN).first()
        if under_way:
            return under_way
        for old in mine.exclude(file=""):
            delete_after_commit(old.file.name)
        mine.delete()
        export = DataExport.objects.create(user=user, session_digest=session_digest(session_key), link=link)
        audit_write(kind="export_requested", subject=user)
        transaction.on_commit(lambda: _publish(export.pk))
    return export


def _publish(export_id: int) -> None:
    """Put an id on the queue; the sweeper does it again where the queue is down."""
    from privacy.tasks import export_build as task

    try:
        task.delay(export_id)
    except QueueDown:
        logger.warning("queue_unreachable", export_id=export_id)


def export_claim(*, export_id: int) -> DataExport | None:
    """Take a waiting export, or return None when it is gone, taken or over."""
    token = uuid.uuid4()
    taken = DataExport.objects.filter(pk=export_id, status=Status.PENDING).update(
        status=Status.BUILDING,
        claim_token=token,
        lease_expires_at=timezone.now() + LEASE,
        attempts=F("attempts") + 1,
        progress=0,
    )
    return DataExport.objects.filter(pk=export_id, claim_token=token).select_related("user").first() if taken else None


def _claimed(export: DataExport) -> QuerySet[DataExport]:
    return DataExport.objects.filter(pk=export.pk, status=Status.BUILDING, claim_token=export.claim_token)


def export_build(*, export: DataExport) -> bool:
    """Build a claimed export; return whether it became ready, rather than being stopped meanwhile."""

    def progress(percent: int) -> None:
        lease = {"lease_expires_at": timezone.now() + LEASE}
        # A negative number only says that work goes on.
        if not _claimed(export).update(**lease if percent < 0 else {**lease, "progress": percent}):
            raise Stopped

    with tempfile.TemporaryFile() as built:
        try:
            # Not one transaction: on SQLite it would hold up every writer, the one who cancels among them.
            archive_write(built, Subject.of(export.user), progress)
        except Stopped:
            return False
        size = built.tell()
        built.seek(0)
        name = default_storage.save(f"exports/{uuid.uuid4().hex}.zip", File(built))
    return _ready(export, name, size)


def _ready(export: DataExport, name: str, size: int) -> bool:
    now = timezone.now()
    with transaction.atomic():
        moved = _claimed(export).update(
            status=Status.READY,
            file=name,
            size=size,
            progress=100,
            claim_token=None,
            lease_expires_at=None,
            finished_at=now,
            expires_at=now + datetime.timedelta(hours=settings.EXPORT_HOURS),
        )
        if moved:
            audit_write(kind="export_ready", subject=export.user, detail={"bytes": size})
    if not moved:
        default_storage.delete(name)
        return False
    export_tell(export=export)
    return True


def export_tell(*, export: DataExport) -> None:
    """Tell a person by mail that her copy is ready; its link, which was kept for that, is then forgotten."""
    context = {"link": export.link, "hours": settings.EXPORT_HOURS}
    send_mail("Your data are ready", render_to_string("email/export_ready.txt", context), None, [export.user.email])
    DataExport.objects.filter(pk=export.pk).update(link="")


def _untold(now: datetime.datetime) -> QuerySet[DataExport]:
    """Return the ready copies whose mail could not be sent, or whose builder died before it."""
    ready = DataExport.objects.filter(status=Status.READY, finished_at__lt=now - TELL_AGAIN).exclude(link="")
    return ready.select_related("user")


def export_release(*, export: DataExport) -> None:
    """Give a claimed export back after an error, or end it when its attempts are used up."""
    over = export.attempts >= MAX_ATTEMPTS
    _claimed(export).update(status=Status.FAILED if over else Status.PENDING, claim_token=None, lease_expires_at=None)


def export_cancel(*, export: DataExport) -> bool:
    """Stop an export that is under way; return whether it was."""
    waiting = DataExport.objects.filter(pk=export.pk, status__in=DataExport.OPEN)
    return bool(waiting.update(status=Status.CANCELLED, claim_token=None, lease_expires_at=None))


def export_latest(*, user: Any) -> DataExport | None:
    """Return a person's newest export."""
    return DataExport.objects.filter(user=user).order_by("-id").first()


def exports_ready(*, user: Any) -> QuerySet[DataExport]:
    """Return a person's exports that can be fetched."""
    return DataExport.objects.filter(user=user, status=Status.READY)


def exports_past_term() -> QuerySet[DataExport]:
    """Return the exports whose files have to go."""
    return DataExport.objects.filter(status=Status.READY, expires_at__lt=timezone.now())


def exports_expire() -> int:
    """Delete the files of exports past their term; return how many."""
    expired = 0
    for export in exports_past_term():
        with transaction.atomic():
            if DataExport.objects.filter(pk=export.pk, status=Status.READY).update(status=Status.EXPIRED, file=""):
                delete_after_commit(export.file.name)
                expired += 1
    return expired


def exports_sweep() -> list[int]:
    """End what is over, release what dead builders hold, and return the ids that wait to be built."""
    now = timezone.now()
    exports_expire()
    for export in DataExport.objects.filter(status=Status.BUILDING, lease_expires_at__lt=now):
        export_release(export=export)
    _orphans_delete(now)
    for export in _untold(now):
        try:
            export_tell(export=export)
        except OSError:
            # The mail server is down: the next sweep tries again, and the copies that wait are built all the same.
            logger.exception("export_not_told", export_id=export.pk)
    return list(DataExport.objects.filter(status=Status.PENDING).values_list("pk", flat=True))


def _orphans_delete(now: datetime.datetime) -> None:
    """Delete files that a crash left between the file and the row."""
    if not default_storage.exists("exports"):
        return
    known = set(DataExport.objects.exclude(file="").values_list("file", flat=True))
    for name in default_storage.listdir("exports")[1]:
        path = f"exports/{name}"
        if path not in known and default_storage.get_modified_time(path) < now - ORPHAN_AGE:
            default_storage.delete(path)
