"""The audit log: what was done that concerns people's rights, in a chain of hashes that shows any change.

Events name people by a random reference. What ties it to an account (`AuditSubject`) goes with the account, and the
log then speaks of nobody.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from privacy.models import AuditEvent, AuditHead, AuditSubject

START = "0" * 64


def reference_of(user: Any) -> uuid.UUID:
    """Return the random reference of an account in the audit log; made at first need."""
    return AuditSubject.objects.get_or_create(user=user)[0].reference


def digest_of(event: AuditEvent) -> str:
    """Return the hash of an event over all its content and the hash of the one before."""
    content = {
        "number": event.number,
        "at": event.at.astimezone(datetime.UTC).isoformat(),
        "kind": event.kind,
        "subject": str(event.subject),
        "actor": str(event.actor),
        "detail": event.detail,
        "previous": event.previous,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def audit_write(
    *,
    kind: str,
    subject: Any = None,
    subject_ref: uuid.UUID | None = None,
    actor: Any = None,
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append an event about an account, or about the reference of one that is gone.

    `detail` may hold names of purposes and categories, counts and reasons; never an address or a mood.
    """
    # The head's row is the lock: two events at once get two numbers and one order.
    AuditHead.objects.get_or_create(pk=1, defaults={"digest": START})
    head = AuditHead.objects.select_for_update().get(pk=1)
    event = AuditEvent(
        number=head.number + 1,
        at=timezone.now(),
        kind=kind,
        subject=reference_of(subject) if subject is not None else subject_ref,
        actor=reference_of(actor) if actor is not None else None,
        detail=json.loads(json.dumps(detail or {})),
        previous=head.digest,
    )
    event.digest = digest_of(event)
    event.save()
    head.number, head.digest = event.number, event.digest
    head.save()
    return event


def audit_faults() -> Iterator[str]:
    """Yield a sentence for every place where the log was changed, cut or added to from outside."""
    previous, number = START, 0
    for event in AuditEvent.objects.order_by("number").iterator():
        number += 1
        if event.number != number:
            yield f"event {number} is missing: the next one is {event.number}"
            number = event.number
        if event.previous != previous:
            yield f"event {event.number} does not follow the one before it"
        if event.digest != digest_of(event):
            yield f"event {event.number} was changed"
        previous = event.digest
    head = AuditHead.objects.filter(pk=1).first()
    if head is None and number:
        yield "the end of the log is not noted any more"
    if head and (head.number, head.digest) != (number, previous):
        yield f"the log ends at event {number}, but event {head.number} was written"
