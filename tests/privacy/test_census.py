"""Trust statement 6: whatever is stored is declared by exactly one category, or excused with a reason."""

import dataclasses

import pytest
from django.core.management import call_command
from django.db import connection

from mood_music.settings import base
from privacy.census import column_gaps, gaps, models_stored, tables_without_model
from privacy.registry import Basis, DataCategory, Table, categories, excuses

CACHE_TABLE = base.CACHES["default"]["LOCATION"]


def test_every_model_of_the_project_and_of_third_parties_is_declared_once_or_excused():
    tables = {"django_migrations", CACHE_TABLE}
    assert gaps(categories(), excuses(), models_stored() | tables) == []


@pytest.mark.django_db
def test_every_table_of_the_database_is_declared_or_excused(settings):
    settings.CACHES = base.CACHES
    call_command("createcachetable", verbosity=0)
    tables = tables_without_model(connection.introspection.table_names())
    assert CACHE_TABLE in tables
    assert gaps(categories(), excuses(), models_stored() | tables) == []


def test_every_column_is_exported_or_withheld_with_a_reason():
    assert column_gaps(categories()) == []


def test_every_excuse_gives_its_reason():
    assert all(len(reason.split()) > 2 for reason in excuses().values())


def test_every_category_says_why_on_which_ground_how_long_and_who_sees_it():
    for category in categories():
        assert category.label
        assert category.why.endswith(".")
        assert category.retention.endswith(".")
        assert category.seen_by.endswith(".")
        assert category.basis in Basis
        assert category.tables or category.places
        assert (category.basis == Basis.CONSENT) == (category.purpose is not None)


def test_a_model_that_nobody_declared_is_found_with_an_instruction():
    without = [c for c in categories() if c.name != "sessions"]
    stored = models_stored() | {"django_migrations", CACHE_TABLE}
    found = gaps(without, excuses(), stored)
    assert [line.split()[0] for line in found] == ["sessions.Session", "usersessions.UserSession"]
    assert all("Declare it in exactly one DataCategory" in line for line in found)


def test_a_model_that_is_declared_twice_excused_besides_or_gone_is_found():
    twice = dataclasses.replace(categories()[0], name="again")
    stored = models_stored() | {"django_migrations", CACHE_TABLE}
    assert any("2 times" in line for line in gaps([*categories(), twice], excuses(), stored))
    excused = {**excuses(), "emotion.Capture": "no reason at all"}
    assert any("both declared and excused" in line for line in gaps(categories(), excused, stored))
    assert any("does not exist" in line for line in gaps(categories(), {**excuses(), "gone.Model": "x"}, stored))


def test_a_column_that_nobody_spoke_of_is_found():
    category = DataCategory(
        name="x",
        label="x",
        why="x.",
        basis=Basis.DUTY,
        retention="x.",
        tables=(
            Table(model="accounts.User", owner="pk", fields=("email", "nowhere"), withheld={"email": "", "id": ""}),
        ),
    )
    found = column_gaps([category])
    assert any("accounts.User.password is neither" in line for line in found)
    assert any("accounts.User.email is both" in line for line in found)
    assert any("accounts.User.nowhere does not exist" in line for line in found)
    assert any("accounts.User.id is withheld without a reason" in line for line in found)
