"""Changes of state around accounts."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from accounts.models import User
from privacy.audit import audit_write


@transaction.atomic
def second_factor_reset(*, user: User, actor: Any = None) -> bool:
    """Take away every second factor of a person who lost hers; return whether there was one.

    Her next visit to the administration asks her to set one up anew. `actor` is None from the shell.
    """
    found, _ = Authenticator.objects.filter(user=user).delete()
    if found:
        audit_write(kind="second_factor_reset", subject=user, actor=actor)
    return bool(found)
