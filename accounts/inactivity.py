"""Tell people whose accounts lie idle, and delete the accounts of those who do not come back."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import User
from privacy.erasure import erasure_request
from privacy.models import ErasureRequest, PrivacyPreference

NOTICE = datetime.timedelta(days=30)


def _idle(age: datetime.timedelta) -> Any:
    """Return the people who have not logged in for so long; those who run the site stay."""
    people = User.objects.filter(is_staff=False).annotate(seen=Coalesce("last_login", "date_joined"))
    return people.filter(seen__lt=timezone.now() - age)


def to_remind() -> Any:
    """Return the people to be told that their account will go; once for each time it lies idle."""
    idle = _idle(datetime.timedelta(days=settings.INACTIVE_ACCOUNT_DAYS) - NOTICE)
    reminded = Q(privacy_preference__reminded_at__gte=F("seen"))
    return idle.exclude(pk__in=idle.filter(reminded))


def to_delete() -> Any:
    """Return the people whose time is up, who were told, and who did not come back since."""
    idle = _idle(datetime.timedelta(days=settings.INACTIVE_ACCOUNT_DAYS))
    told = idle.filter(privacy_preference__reminded_at__gte=F("seen"))
    return told.filter(privacy_preference__reminded_at__lt=timezone.now() - NOTICE)


def inactive_remind() -> int:
    """Send each the reminder; return how many."""
    people = list(to_remind())
    for user in people:
        text = render_to_string("email/inactive.txt", {"days": NOTICE.days})
        send_mail("Do you still want your account?", text, None, [user.email])
        PrivacyPreference.objects.update_or_create(user=user, defaults={"reminded_at": timezone.now()})
    return len(people)


def inactive_delete() -> int:
    """Begin the deletion of each account; the person still has the usual time to keep it. Return how many."""
    begun = ErasureRequest.objects.filter(scope=ErasureRequest.ACCOUNT).exclude(status__in=ErasureRequest.FINAL)
    people = list(to_delete().exclude(pk__in=begun.exclude(user=None).values("user")))
    for user in people:
        erasure_request(user=user, scope=ErasureRequest.ACCOUNT)
    return len(people)
