"""Where every app says what it holds of a person. The privacy app knows no other app; they report here in `ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from privacy.purposes import Purpose


@dataclass(frozen=True, slots=True)
class DataCategory:
    """Declare one kind of data: what it is, for which purpose, how long, how to count it and how to delete it.

    `count` and `purge` take the user. `purge` runs when the consent to `purpose` is withdrawn; it deletes
    everything of the category at once and is safe to run again.
    """

    name: str
    label: str
    purpose: Purpose
    retention: str
    count: Callable[[Any], int]
    purge: Callable[[Any], None]


_categories: dict[str, DataCategory] = {}


def register(category: DataCategory) -> None:
    """Add a category. Raises ValueError when another one has its name."""
    if _categories.setdefault(category.name, category) != category:
        raise ValueError(f"two data categories are called {category.name}")


def categories() -> tuple[DataCategory, ...]:
    """Return all categories, in the order in which the apps reported them."""
    return tuple(_categories.values())
