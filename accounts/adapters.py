"""What differs here from allauth's own behaviour."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from mood_music.fields import decrypt, encrypt


class AccountAdapter(DefaultAccountAdapter):
    """Count failed log-ins by address alone, so that the counts of an account can be found and erased with it.

    A session that is over leaves no line in the list of sessions.
    """

    def logout(self, request: HttpRequest) -> None:
        """Log out, and forget the address and browser of this session at once."""
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        super().logout(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return str(credentials.get("email", "")).lower()


class MFAAdapter(DefaultMFAAdapter):
    """Keep the secrets of second factors encrypted: whoever reads the database cannot make codes."""

    def encrypt(self, text: str) -> str:
        """Encrypt with the first key of FIELD_ENCRYPTION_KEYS."""
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text. Raises DecryptionError when no key opens it."""
        return decrypt(encrypted_text)
