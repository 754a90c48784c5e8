"""Break-glass: the one way in which an administrator sees a person's readings. Reasoned, short, logged, and told."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from mood_music.errors import UserError
from privacy.audit import audit_write
from privacy.models import BreakGlass

OPEN_FOR = datetime.timedelta(minutes=30)
SHORTEST_REASON = 20


def glass_break(*, actor: Any, user: Any, reason: str) -> BreakGlass:
    """Open a person's readings to an administrator for half an hour, and tell the person at once.

    Raises UserError for a reason that says nothing, and when the mail cannot be sent; either way nothing is opened.
    """
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise UserError("reason_too_short")
    with transaction.atomic():
        glass = BreakGlass.objects.create(user=user, actor=actor, reason=reason, expires_at=timezone.now() + OPEN_FOR)
        audit_write(kind="glass_broken", subject=user, actor=actor, detail={"minutes": OPEN_FOR.seconds // 60})
        text = render_to_string("email/glass_broken.txt", {"glass": glass, "minutes": OPEN_FOR.seconds // 60})
        try:
            send_mail("An administrator is looking at your readings", text, None, [user.email])
        except OSError as error:
            raise UserError("glass_untold", status=503) from error
    return glass


def glass_look(*, actor: Any, user: Any) -> BreakGlass:
    """Return the open glass of an administrator and log the look. Raises UserError (403) when there is none."""
    glass = BreakGlass.objects.filter(actor=actor, user=user, expires_at__gt=timezone.now()).order_by("-id").first()
    if glass is None:
        raise UserError("glass_whole", status=403)
    audit_write(kind="glass_look", subject=user, actor=actor)
    return glass
