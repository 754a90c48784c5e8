"""A text field that the database holds in encrypted form only.

Fernet (AES-128-CBC with HMAC-SHA256) from the package cryptography; every value names no key, so that all keys of
FIELD_ENCRYPTION_KEYS are tried: the first one encrypts, the others still decrypt what was written before a rotation.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

# Marks a value as encrypted: plain text that got into the column by another way is told from it.
MARK = "fernet1:"


class DecryptionError(Exception):
    """Mark a stored value that none of the present keys opens; it is never handed on as if it were the text."""


@lru_cache(maxsize=8)
def _cipher(secrets: tuple[str, ...]) -> MultiFernet:
    if not secrets:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: there is no key to encrypt with.")
    keys = []
    for secret in secrets:
        # The secrets are long and random already; this only brings them to the length that Fernet wants.
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"mood_music.fields").derive(secret.encode())
        keys.append(Fernet(base64.urlsafe_b64encode(derived)))
    return MultiFernet(keys)


def _present_cipher() -> MultiFernet:
    return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))


def encrypt(text: str) -> str:
    """Return the text encrypted with the first key, different each time. Raises ImproperlyConfigured without keys."""
    return MARK + _present_cipher().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Return the text of an encrypted value. Raises DecryptionError when no key opens it or it is not encrypted."""
    if not stored.startswith(MARK):
        raise DecryptionError("the stored value is not encrypted")
    try:
        return _present_cipher().decrypt(stored.removeprefix(MARK)).decode()
    except InvalidToken as error:
        raise DecryptionError("no key of FIELD_ENCRYPTION_KEYS opens the stored value") from error


def encrypted_again(stored: str) -> str:
    """Return the same text encrypted with the first key. Raises DecryptionError like `decrypt`."""
    return encrypt(decrypt(stored))


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Hold a text that is encrypted on its way into the database and decrypted on its way out.

    An empty text stays empty: that nothing is there is no secret. The column cannot be searched, and fixtures carry
    the encrypted form.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt for the database."""
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Decrypt what the database holds. Raises DecryptionError rather than return what it cannot open."""
        return decrypt(value) if value else value

    def to_python(self, value: Any) -> Any:
        """Decrypt what a fixture holds; leave plain text as it is."""
        return decrypt(value) if isinstance(value, str) and value.startswith(MARK) else super().to_python(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return the encrypted form, so that a dump of the database tells no more than the database."""
        return str(self.get_prep_value(self.value_from_object(obj)))

    def get_lookup(self, lookup_name: str) -> Any:
        """Allow the question whether there is a value, and no other: equal texts have different encrypted forms."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
