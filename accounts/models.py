"""The person who uses the site."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from mood_music.fields import EncryptedTextField
from mood_music.querysets import OwnedQuerySet


class UserManager(BaseUserManager["User"]):
    """Make users by e-mail address."""

    use_in_migrations = True

    def _create(self, email: str, password: str | None, **extra: Any) -> User:
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create a person without staff rights. Raises ValueError without an address."""
        return self._create(email, password, **{"is_staff": False, "is_superuser": False, **extra})

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        """Create an administrator. Raises ValueError without an address."""
        return self._create(email, password, **{**extra, "is_staff": True, "is_superuser": True})


class User(AbstractUser):
    """Identify a person by e-mail address; the outside world knows her by `public_id` only."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    age_confirmed_at = models.DateTimeField(
        null=True, blank=True, help_text="when the age gate was passed; the birth date itself is not kept"
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        """Keep addresses unique whatever their case."""

        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case")]

    def __str__(self) -> str:
        return str(self.public_id)


def displayed_name(user: User) -> str:
    """Return what allauth calls a person on her own pages and in her own mail."""
    return user.email


class ConnectedServiceQuerySet(OwnedQuerySet["ConnectedService"]):
    """Narrow connections to their owner, and keep tokens in the database where they are not needed."""

    def without_tokens(self) -> ConnectedServiceQuerySet:
        """Leave the tokens unread: pages need none, and show the connection even when no key opens them."""
        return self.defer("access_token", "refresh_token")


class ConnectedService(models.Model):
    """Hold a person's connection to an account elsewhere.

    Tokens are refreshed by whoever holds the claim, one at a time: `refresh_claim` is set under the row's lock, the
    call is made without it, and its result is only stored while the claim still stands. A row that `needs_reconnect`
    is used by nobody until the person has been to the provider again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="connected_services")
    provider = models.CharField(max_length=32)
    account_id = models.CharField(max_length=128, help_text="what the provider calls the account, for good")
    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    scopes = models.JSONField(default=list, help_text="what the person allowed there")
    expires_at = models.DateTimeField(help_text="when the access token ends")
    connected_at = models.DateTimeField()
    needs_reconnect = models.BooleanField(default=False)
    refresh_claim = models.UUIDField(null=True, blank=True)
    refresh_claim_until = models.DateTimeField(null=True, blank=True)

    objects = ConnectedServiceQuerySet.as_manager()

    class Meta:
        """One connection to each provider."""

        constraints = [models.UniqueConstraint(fields=["user", "provider"], name="service_once_per_user")]

    def __str__(self) -> str:
        return f"{self.provider} of user {self.user_id}"
