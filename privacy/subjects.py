"""Whom data are about, in a form that outlives her account for as long as its erasure takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps


@dataclass(frozen=True, slots=True)
class Subject:
    """Hold what identifies a person in our stores: row id, public id, e-mail addresses (that of the log-in first)."""

    user_id: int
    public_id: str
    emails: tuple[str, ...]

    @classmethod
    def of(cls, user: Any) -> Subject:
        """Return the subject of an account that exists."""
        known = apps.get_model("account.EmailAddress").objects.filter(user_id=user.pk).values_list("email", flat=True)
        return cls(user.pk, str(user.public_id), (user.email, *sorted(set(known) - {user.email})))

    @property
    def needles(self) -> tuple[str, ...]:
        """Return the strings that betray the person wherever they stand."""
        return (*self.emails, self.public_id, self.public_id.replace("-", ""))
