"""Rows that belong to somebody."""

from __future__ import annotations

from typing import Any, Self, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class OwnedQuerySet(models.QuerySet[Row]):
    """Narrow rows with a `user` to their owner."""

    def for_user(self, user: Any) -> Self:
        """Keep what a person may see: her own. Nobody is nobody's owner."""
        return self.filter(user=user) if user.is_authenticated else self.none()
