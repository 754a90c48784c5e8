"""Compare what the project stores with what its categories declare. The test of the same name fails on any gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from django.apps import apps
from django.db.models import Model

from privacy.holdings import model_of
from privacy.registry import DataCategory, Table

HOW = (
    "Declare it in exactly one DataCategory (a Table in the app's ready(), see privacy/registry.py), or say with "
    "excuse() why it holds nothing of a person."
)


def gaps(declared: Iterable[DataCategory], excused: Iterable[str], stored: Iterable[str]) -> list[str]:
    """Return a sentence for every model or table that is not accounted for exactly once.

    `stored` holds the labels of models, and the names of tables that have no model.
    """
    declared = list(declared)
    stored, excused = set(stored), set(excused)
    whole = Counter(table.model for category in declared for table in category.tables if not table.part)
    places = {place.name for category in declared for place in category.places}
    known = set(whole) | excused | places
    found = [f"{name} is neither declared nor excused. {HOW}" for name in sorted(stored - known)]
    found += [f"{name} is declared {times} times. {HOW}" for name, times in sorted(whole.items()) if times > 1]
    found += [f"{name} is both declared and excused. {HOW}" for name in sorted(set(whole) & excused)]
    found += [f"{name} is accounted for but does not exist." for name in sorted((set(whole) | excused) - stored)]
    return found


def column_gaps(declared: Iterable[DataCategory]) -> list[str]:
    """Return a sentence for every column that is neither exported nor withheld with a reason, or is both."""
    found = []
    tables: dict[str, list[Table]] = {}
    for table in chain.from_iterable(category.tables for category in declared):
        tables.setdefault(table.model, []).append(table)
    for model, parts in sorted(tables.items()):
        columns = {field.name for field in model_of(parts[0])._meta.concrete_fields}
        said = Counter(name.split("__")[0] if name not in columns else name for t in parts for name in set(t.fields))
        withheld = Counter(name for t in parts for name in t.withheld)
        found += [
            f"{model}.{name} is neither in `fields` nor in `withheld`: export it, or give the reason why not."
            for name in sorted(columns - set(said) - set(withheld))
        ]
        direct = {name for t in parts for name in t.fields}
        found += [f"{model}.{name} is both exported and withheld." for name in sorted(direct & set(withheld))]
        found += [f"{model}.{name} does not exist." for name in sorted((set(said) | set(withheld)) - columns)]
        found += [
            f"{model}.{name} is withheld without a reason."
            for t in parts
            for name, why in t.withheld.items()
            if not why
        ]
    return found


def models_stored() -> set[str]:
    """Return the labels of all models that have a table, those of third parties and of M2M relations included."""
    models: Iterable[type[Model]] = apps.get_models(include_auto_created=True)
    return {model._meta.label for model in models if model._meta.managed and not model._meta.proxy}


def tables_without_model(tables: Iterable[str]) -> set[str]:
    """Return those of the database's tables that belong to no model."""
    models = apps.get_models(include_auto_created=True)
    return set(tables) - {model._meta.db_table for model in models}
