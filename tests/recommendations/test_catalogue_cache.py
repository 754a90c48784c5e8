import pytest
from django.db import transaction
from django.urls import reverse

from recommendations import services
from recommendations.catalogue import STARTER
from recommendations.catalogue_cache import catalogue_changed, catalogue_load
from recommendations.catalogue_imports import catalogue_import
from recommendations.models import CatalogueRevision, Track
from tests.factories import UserFactory
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
NAMES = {"title": "A new song", "artist": "Somebody", "year": 1999, "language": "en"}


@pytest.fixture
def admin(client):
    return staff_log_in(client, UserFactory(email="admin@example.org", is_staff=True, is_superuser=True))


def track(**changed):
    values = {**NAMES, "key": "k", "genres": ["pop"], "valence": 0.5, "arousal": 0.5, "rated_by": "test", **changed}
    return Track.objects.create(**values)


def test_the_catalogue_is_loaded_once_until_it_changes(catalogue, django_assert_num_queries):
    first = catalogue_load()
    assert len(first) == Track.objects.count()
    with django_assert_num_queries(1):
        assert catalogue_load() is first
    catalogue_changed()
    assert catalogue_load() is not first


def test_it_holds_the_rows_as_they_are(catalogue):
    row = Track.objects.order_by("pk").first()
    kept = catalogue_load().tracks[0]
    for name in ("title", "artist", "year", "language", "instrumental", "explicit", "valence", "arousal", "rated_by"):
        assert getattr(kept, name) == getattr(row, name)
    assert (kept.key, kept.genres) == (row.pk, tuple(row.genres))


def test_an_import_is_seen_and_one_that_changes_nothing_is_not(catalogue):
    before = catalogue_load()
    catalogue_import(path=STARTER)
    assert catalogue_load() is before
    row = Track.objects.first()
    services.track_save(track=row)
    Track.objects.filter(pk=row.pk).update(valence=0.123)
    catalogue_import(path=STARTER)
    assert catalogue_load().tracks[0].valence != 0.123


def test_what_nobody_announced_is_read_anew_each_time():
    assert len(catalogue_load()) == 0
    track()
    assert len(catalogue_load()) == 1


def test_a_change_that_is_rolled_back_leaves_no_trace(catalogue):
    before = len(catalogue_load())
    with transaction.atomic():
        services.track_save(track=Track(**NAMES, genres=["pop"], valence=0.5, arousal=0.5, rated_by="test"))
        assert len(catalogue_load()) == before + 1
        transaction.set_rollback(True)
    assert len(catalogue_load()) == before


def test_a_database_that_was_filled_before_revisions_gets_one_with_its_next_import(catalogue):
    CatalogueRevision.objects.all().delete()
    catalogue_import(path=STARTER)
    assert CatalogueRevision.objects.count() == 1


def test_what_is_written_in_the_admin_is_played(catalogue, admin):
    before = len(catalogue_load())
    form = {**NAMES, "genres": '["pop"]', "valence": "0.5", "arousal": "0.5", "rated_by": "admin"}
    answer = admin.post(reverse("admin:recommendations_track_add"), form)
    assert answer.status_code == 302
    added = Track.objects.get(title="A new song")
    assert added.key == "somebody/a new song"
    assert len(catalogue_load()) == before + 1
    again = admin.post(reverse("admin:recommendations_track_add"), {**form, "title": "A NEW song"})
    assert "in the catalogue already" in again.content.decode()
    admin.post(reverse("admin:recommendations_track_delete", args=[added.pk]), {"post": "yes"})
    assert len(catalogue_load()) == before
