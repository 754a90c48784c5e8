import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from privacy.models import AuditEvent
from recommendations.catalogue import STARTER, read_catalogue
from recommendations.catalogue_cache import catalogue_changed
from recommendations.catalogue_imports import Difference, catalogue_compare
from recommendations.models import Track
from tests.factories import UserFactory
from tests.support.staff import staff_log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
HEADER = STARTER.read_text().splitlines()[0]
NEW = "A new song,Somebody,1999,pop,en,false,false,0.5,0.5,editorial"
PAGE = "/admin/recommendations/track/import/"


@pytest.fixture
def admin(client):
    return staff_log_in(client, UserFactory(email="admin@example.org", is_staff=True, is_superuser=True))


def file(*lines):
    return "\n".join([HEADER, *lines, ""])


def known(**changed):
    """Return the line of a known track, with other values in some columns."""
    row = dict(zip(HEADER.split(","), STARTER.read_text().splitlines()[1].split(","), strict=True))
    return ",".join({**row, **changed}.values())


def look(admin, text):
    return admin.post(PAGE, {"file": SimpleUploadedFile("tracks.csv", text.encode())})


def confirm(admin, answer):
    return admin.post(PAGE, answer.context["confirm"].initial)


def test_a_comparison_names_each_column_that_would_change_and_changes_nothing(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text(file(known(year="1901", valence="0.11"), NEW))
    before = list(Track.objects.order_by("pk").values())
    found = catalogue_compare(rows=read_catalogue(path))
    first = Track.objects.order_by("pk").first()
    assert [row.title for row in found.created] == ["A new song"]
    assert found.changed[0].track == first
    assert set(found.changed[0].differences) == {
        Difference("year", first.year, 1901),
        Difference("valence", first.valence, 0.11),
    }
    assert found.unchanged == 0
    assert list(Track.objects.order_by("pk").values()) == before


def test_the_command_says_what_would_change(tmp_path):
    path, told, before = tmp_path / "tracks.csv", io.StringIO(), Track.objects.count()
    path.write_text(file(known(year="1901"), NEW))
    call_command("catalogue_import", str(path), "--dry-run", stdout=told)
    assert "+ A new song by Somebody" in told.getvalue()
    assert "year 1998 -> 1901" in told.getvalue()
    assert "1 would be added, 1 updated, 0 unchanged" in told.getvalue()
    assert Track.objects.count() == before
    path.write_text(file("Bad,Nobody"))
    with pytest.raises(CommandError, match="line 2"):
        call_command("catalogue_import", str(path), "--dry-run")


def test_the_admin_shows_the_difference_first_and_imports_once_it_is_confirmed(admin):
    before = Track.objects.count()
    answer = look(admin, file(known(year="1901"), NEW))
    shown = answer.content.decode()
    assert "1 would be added, 1 updated" in shown
    assert "A new song by Somebody" in shown
    assert "<td>1901</td>" in shown
    assert Track.objects.count() == before
    done = confirm(admin, answer)
    assert done.url == reverse("admin:recommendations_track_changelist")
    assert Track.objects.count() == before + 1
    assert Track.objects.order_by("pk").first().year == 1901
    assert AuditEvent.objects.get(kind="catalogue_imported").detail == {"created": 1, "updated": 1, "unchanged": 0}
    assert PAGE in admin.get(done.url).content.decode()


def test_every_faulty_line_is_named_and_nothing_is_imported(admin):
    before = Track.objects.count()
    bad = NEW.replace("0.5,0.5", "1.5,0.5")
    answer = look(
        admin, file(NEW, bad.replace("A new", "Another"), "Short,Nobody", NEW, NEW.replace("A new song", "x" * 301))
    )
    shown = answer.content.decode()
    for line in ("line 3", "line 4", "line 5", "line 6"):
        assert line in shown
    assert "line 2:" not in shown
    assert "more than 300 letters" in shown
    assert Track.objects.count() == before


def test_a_catalogue_that_changed_meanwhile_is_compared_anew(admin):
    before = Track.objects.count()
    answer = look(admin, file(NEW))
    catalogue_changed()
    again = confirm(admin, answer)
    assert again.status_code == 200
    assert Track.objects.count() == before
    confirm(admin, again)
    assert Track.objects.count() == before + 1


@pytest.mark.parametrize("data", [{}, {"content": "no base64!"}, {"content": "AAAA"}])
def test_a_file_that_is_none_is_refused_in_words(admin, data):
    answer = admin.post(PAGE, data)
    assert answer.status_code == 200
    assert "Nothing was imported" in answer.content.decode()


def test_a_file_that_is_too_large_is_sent_to_the_command(admin):
    assert "manage.py catalogue_import" in look(admin, "x" * (1024 * 1024 + 1)).content.decode()


def test_titles_are_escaped(admin):
    shown = look(admin, file(NEW.replace("A new song", "<script>alert(1)</script>"))).content.decode()
    assert "<script>alert" not in shown


def test_only_who_may_add_and_change_tracks_may_import(client):
    assert client.get(PAGE).status_code == 302
    staff_log_in(client, UserFactory(email="staff@example.org", is_staff=True))
    assert client.get(PAGE).status_code == 403
    assert look(client, file(NEW)).status_code == 403
