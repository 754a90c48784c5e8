"""Where every app says what it holds of a person. The privacy app knows no other app; they report here in `ready()`.

The privacy centre, the export, erasure, the record of processing and the census test are all driven by what stands
here, so that they cannot drift apart. A model that no category declares and nobody excuses fails the census.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from privacy.purposes import Purpose
from privacy.subjects import Subject


class Basis(enum.StrEnum):
    """List the legal grounds on which data are held."""

    CONSENT = "consent (GDPR Art. 6(1)(a), 9(2)(a))"
    CONTRACT = "what you signed up for (GDPR Art. 6(1)(b))"
    DUTY = "our duty to prove it (GDPR Art. 6(1)(c), 7(1))"
    INTEREST = "our legitimate interest in a safe site (GDPR Art. 6(1)(f))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Declare one model, or with `part` some columns of a model that another category declares.

    `model` is its label, as "emotion.Capture". `fields` go into the export, in this order; lookups such as
    "track__title" may stand there. `withheld` names each other column with the reason why it does not.
    `owner` is the lookup from a row to its person; `rows`, where a lookup is not enough, returns the rows of a subject.
    `created` is the column with a row's age, needed to erase again after a restored backup; empty when there is none.
    `shapes` says of JSON columns what stands in them, as JSON Schema, for whoever reads the export.
    """

    model: str
    fields: tuple[str, ...] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    owner: str = "user"
    rows: Callable[[Subject], QuerySet[Any]] | None = None
    part: bool = False
    created: str = "created_at"
    shapes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Declare a place outside the models: a cache, the queue, a folder.

    `erase` deletes what it holds of a subject and may run again; `residue` returns what is left, in words.
    """

    name: str
    erase: Callable[[Subject], None]
    residue: Callable[[Subject], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCategory:
    """Declare one kind of data: what, why, on which ground, how long, who sees it, and where it lies.

    Counting, export, erasure and verification follow from `tables` and `places`. `erase` replaces the plain deletion
    of the rows where more is to do; it gets the subject, deletes at once, and may run again. `erase_older` does so to
    what is older than a moment, after a restored backup, and returns how much that was. `purge` replaces `erase` where
    withdrawing `purpose` deletes less. `erase_one` deletes a single thing by its public id. What `hangs_on`
    another category goes with it and cannot be erased alone. A category `with_account` goes with the account itself,
    after the time in which its deletion can be called off; all others go at once.
    """

    name: str
    label: str
    why: str
    basis: Basis
    retention: str
    tables: tuple[Table, ...] = ()
    places: tuple[Place, ...] = ()
    purpose: Purpose | None = None
    seen_by: str = "You alone."
    sensitive: bool = False
    with_account: bool = False
    exported: bool = True
    hangs_on: str = ""
    count: Callable[[Subject], int] | None = field(default=None, compare=False)
    erase: Callable[[Subject], None] | None = field(default=None, compare=False)
    erase_older: Callable[[Subject, datetime.datetime], int] | None = field(default=None, compare=False)
    purge: Callable[[Subject], None] | None = field(default=None, compare=False)
    erase_one: Callable[[str], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """Declare one term after which data go by themselves.

    `due` counts what has passed its term; `apply` deletes it and returns how much that was.
    """

    name: str
    what: str
    term: str
    due: Callable[[], int] = field(compare=False)
    apply: Callable[[], int] = field(compare=False)


_categories: dict[str, DataCategory] = {}
_excused: dict[str, str] = {}
_rules: dict[str, RetentionRule] = {}


def register(category: DataCategory) -> None:
    """Add a category. Raises ValueError when another one has its name."""
    if _categories.setdefault(category.name, category) is not category:
        raise ValueError(f"two data categories are called {category.name}")


def register_rule(rule: RetentionRule) -> None:
    """Add a retention rule. Raises ValueError when another one has its name."""
    if _rules.setdefault(rule.name, rule) is not rule:
        raise ValueError(f"two retention rules are called {rule.name}")


def rules() -> tuple[RetentionRule, ...]:
    """Return all retention rules, in the order in which the apps reported them."""
    return tuple(_rules.values())


def excuse(model: str, reason: str) -> None:
    """Say why a model, or a database table without one, holds nothing of a person."""
    _excused[model] = reason


def categories() -> tuple[DataCategory, ...]:
    """Return all categories, in the order in which the apps reported them."""
    return tuple(_categories.values())


def erasure_order() -> list[DataCategory]:
    """Return all categories in the order of erasure: what hangs on other rows first, the person's own row last."""
    last_first = list(reversed(categories()))
    return sorted(last_first, key=lambda c: any(t.model == settings.AUTH_USER_MODEL for t in c.tables))


def category_named(name: str) -> DataCategory:
    """Return one category. Raises KeyError for a name that nobody registered."""
    return _categories[name]


def excuses() -> Mapping[str, str]:
    """Return what is excused, with the reasons."""
    return MappingProxyType(_excused)
