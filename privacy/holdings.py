"""Count, delete and look for what a category holds of a subject, as its declaration says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import FileField, Model, Q, QuerySet

from mood_music.files import delete_after_commit
from privacy.purposes import Purpose
from privacy.registry import DataCategory, Table, categories, category_named, erasure_order
from privacy.subjects import Subject


def model_of(table: Table) -> type[Model]:
    """Return the model that a table declares."""
    return apps.get_model(table.model)


def rows_of(table: Table, subject: Subject) -> QuerySet[Any]:
    """Return the rows of a table that are about a subject; of a part, those whose columns hold something."""
    if table.rows:
        return table.rows(subject)
    rows = model_of(table)._default_manager.filter(**{table.owner: subject.user_id})
    if table.part:
        empty = Q()
        for name in file_fields(table):
            empty |= ~Q(**{name: ""})
        rows = rows.filter(empty)
    return rows


def file_fields(table: Table) -> list[str]:
    """Return the columns of a table that name files."""
    fields = model_of(table)._meta.concrete_fields
    return [field.name for field in fields if isinstance(field, FileField) and field.name in table.fields]


def files_of(category: DataCategory, subject: Subject) -> list[str]:
    """Return the names of all files that a category's rows hold for a subject."""
    names: list[str] = []
    for table in category.tables:
        for field in file_fields(table):
            names += rows_of(table, subject).exclude(**{field: ""}).values_list(field, flat=True)
    return sorted(names)


def count_of(category: DataCategory, subject: Subject) -> int:
    """Count what a category holds: by its own word, or the rows of its first table."""
    if category.count:
        return category.count(subject)
    return rows_of(category.tables[0], subject).count() if category.tables else 0


def files_held(subject: Subject) -> set[str]:
    """Return the names of all files that rows of any category hold for a subject."""
    return {name for category in categories() for name in files_of(category, subject)}


@contextmanager
def files_follow(subject: Subject) -> Iterator[None]:
    """Delete, after commit, the files whose rows go in the block.

    Rows of one category may go with those of another, as the database's cascades want it: look at all of them.
    """
    before = files_held(subject)
    yield
    for name in sorted(before - files_held(subject)):
        delete_after_commit(name)


def category_erase(category: DataCategory, subject: Subject) -> None:
    """Delete everything a category holds of a subject; safe to run again. Files go after commit."""
    with transaction.atomic(), files_follow(subject):
        if category.erase:
            category.erase(subject)
        else:
            _rows_delete(category, subject)
    for place in category.places:
        place.erase(subject)


def _rows_delete(category: DataCategory, subject: Subject) -> None:
    for table in reversed(category.tables):
        if table.part:
            rows_of(table, subject).update(**dict.fromkeys(file_fields(table), ""))
        else:
            rows_of(table, subject).delete()


def copies_erase(subject: Subject) -> None:
    """Delete the copies of a person's data that wait to be fetched: they still hold what was just deleted."""
    category_erase(category_named("exports"), subject)


def purpose_purge(purpose: Purpose, subject: Subject) -> None:
    """Delete what a purpose allowed to keep, in every category of it; what hangs on other rows goes first."""
    with transaction.atomic(), files_follow(subject):
        for category in erasure_order():
            if category.purpose == purpose:
                (category.purge or _erase_by(category))(subject)
        copies_erase(subject)


def _erase_by(category: DataCategory) -> Any:
    return lambda subject: category_erase(category, subject)


def residue_of(category: DataCategory, subject: Subject) -> Iterator[str]:
    """Tell, in words without anything personal, what a category still holds of a subject."""
    for table in category.tables:
        left = rows_of(table, subject).count()
        if left:
            yield f"{left} of {table.model}"
    for place in category.places:
        yield from place.residue(subject)


def files_left(names: list[str]) -> list[str]:
    """Return those of the named files that are still there."""
    return [name for name in names if default_storage.exists(name)]
