"""What follows from allauth's signals about second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from privacy.audit import audit_write


@receiver(authenticator_added, dispatch_uid="accounts_factor_added")
def factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write it down, and count the code that proved the new app as given: nobody is asked for two in a row."""
    audit_write(kind="second_factor_added", subject=user, actor=user, detail={"type": authenticator.type})
    if authenticator.type == Authenticator.Type.TOTP:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)


@receiver(authenticator_removed, dispatch_uid="accounts_factor_removed")
def factor_removed(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write it down."""
    audit_write(kind="second_factor_removed", subject=user, actor=user, detail={"type": authenticator.type})


@receiver(authenticator_reset, dispatch_uid="accounts_factor_reset")
def factor_reset(user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """Write down that recovery codes were made anew."""
    audit_write(kind="second_factor_renewed", subject=user, actor=user, detail={"type": authenticator.type})
