"""Staff with a second factor, as the admin asks of them."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.http import HttpRequest
from django.test import Client


def staff_log_in(client: Client, user, *, reauthenticated: bool = False) -> Client:
    """Log somebody in as her password and a code would; `reauthenticated` as if she had just been asked once more."""
    factor = second_factor(user)
    client.force_login(user)
    request = HttpRequest()
    request.session = client.session
    extra = {"reauthenticated": True} if reauthenticated else {}
    record_authentication(request, user, "mfa", id=factor.pk, type=factor.type, **extra)
    request.session.save()
    return client


def second_factor(user) -> Authenticator:
    """Return a person's authenticator app, set up where there is none."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    return found or totp.TOTP.activate(user, totp.generate_totp_secret()).instance


def code_of(user) -> str:
    """Return what a person's authenticator app shows at the moment."""
    return code(decrypt(second_factor(user).data["secret"]))


def code(secret: str) -> str:
    """Return what an app that holds this secret shows at the moment."""
    return str(totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30)))
