"""Trust statement 5: a public page states every term, and a job keeps to it."""

import datetime
import os

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import inactivity
from accounts.models import User
from emotion.models import Capture, EmotionReading
from mood_music.settings import base
from privacy.models import DataExport, ErasureRequest
from privacy.registry import rules
from privacy.retention import retention_enforce
from privacy.services import picture_days_set
from privacy.tombstones import tombstone_write
from tests.factories import PASSWORD, CaptureFactory, ReadingFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def days(number):
    return timezone.now() + datetime.timedelta(days=number)


def enforced(**how):
    return {each.rule: each.count for each in retention_enforce(**how)}


def test_the_public_page_states_every_rule(client):
    page = client.get(reverse("retention")).content.decode()
    assert len(rules()) >= 8
    for rule in rules():
        assert rule.what.replace("'", "&#x27;") in page
        assert rule.term in page


def test_a_dry_run_counts_what_the_job_then_deletes(amy, settings, tmp_path):
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    settings.EMAIL_FILE_PATH.mkdir()
    CaptureFactory(user=amy, status="done", expires_at=days(-1))
    crop = default_storage.save("crops/a.jpg", ContentFile(b"a"))
    ReadingFactory(capture__user=amy, crop=crop)
    DataExport.objects.create(
        user=amy, status="ready", file="exports/a.zip", session_digest="", link="", expires_at=days(-1)
    )
    old = DataExport.objects.create(user=amy, status="cancelled", session_digest="", link="")
    DataExport.objects.filter(pk=old.pk).update(created_at=days(-31))
    ErasureRequest.objects.create(
        scope="crops", status="done", reference=amy.public_id, due_at=days(-400), finished_at=days(-400)
    )
    tombstone_write(kind="account", ref=str(amy.public_id))
    (settings.EMAIL_FILE_PATH / "1.log").write_text("x")
    for folder in (settings.TOMBSTONES_DIR, settings.EMAIL_FILE_PATH):
        for path in folder.iterdir():
            os.utime(path, (0, 0))
    UserFactory(email="idle@example.org", last_login=days(-settings.INACTIVE_ACCOUNT_DAYS - 1))
    counted = enforced(dry_run=True)
    assert Capture.objects.filter(expires_at__isnull=False).exists()
    assert EmotionReading.objects.get().crop
    assert not mail.outbox
    named = {"export_files", "export_rows", "erasure_rows", "tombstones", "mail_files", "unkept_readings", "crops"}
    assert {name for name, count in counted.items() if count} == {*named, "inactive_reminders"}
    assert enforced() == counted
    assert not any(enforced(dry_run=True).values())
    assert EmotionReading.objects.get().crop == ""
    assert not list(settings.TOMBSTONES_DIR.iterdir())


def test_the_command_prints_each_rule_and_deletes_nothing_in_a_dry_run(amy, capsys):
    CaptureFactory(user=amy, status="done", expires_at=days(-1))
    call_command("retention", dry_run=True)
    assert len(capsys.readouterr().out.splitlines()) == len(rules())
    assert Capture.objects.exists()
    call_command("retention")
    assert not Capture.objects.exists()


def test_a_rule_that_fails_keeps_no_other_from_being_kept_to(amy, settings, monkeypatch):
    """A mail server that is down must not keep pictures beyond their term."""
    UserFactory(email="idle@example.org", last_login=days(-settings.INACTIVE_ACCOUNT_DAYS - 1))
    ReadingFactory(capture__user=amy, crop=default_storage.save("crops/a.jpg", ContentFile(b"a")))

    def down(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr(inactivity, "send_mail", down)
    with pytest.raises(ExceptionGroup) as failed:
        enforced()
    assert [type(each) for each in failed.value.exceptions] == [ConnectionRefusedError]
    assert not EmotionReading.objects.exclude(crop="").exists()


def test_address_and_browser_of_a_session_go_when_it_ends(client, amy):
    log_in = {"login": amy.email, "password": PASSWORD}
    client.post(reverse("account_login"), log_in)
    assert UserSession.objects.filter(user=amy).count() == 1
    client.post(reverse("account_logout"))
    assert not UserSession.objects.exists()
    client.post(reverse("account_login"), log_in)
    enforced()
    assert UserSession.objects.count() == 1
    with time_machine.travel(days(15)):
        enforced()
    assert not UserSession.objects.exists()


def test_counts_of_attempts_with_their_addresses_go_after_their_term(settings):
    settings.CACHES = base.CACHES
    call_command("createcachetable", verbosity=0)
    caches["default"].set("allauth:rl:login_failed:ip:10.1.2.3", [1.0], 60)
    caches["default"].set("lasting", 1, 86_400)

    def keys():
        with connection.cursor() as cursor:
            cursor.execute("SELECT cache_key FROM mood_music_cache")
            return [row[0].rsplit(":", 1)[-1] for row in cursor.fetchall()]

    assert (enforced(dry_run=True)["attempt_counts"], len(keys())) == (0, 2)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=5)):
        assert enforced(dry_run=True)["attempt_counts"] == 1
        assert len(keys()) == 2
        assert enforced()["attempt_counts"] == 1
    assert keys() == ["lasting"]


@pytest.mark.parametrize(("kept_for", "left"), [(30, 0), (90, 1)])
def test_pictures_are_kept_for_as_long_as_their_person_chose(amy, kept_for, left):
    picture_days_set(user=amy, days=kept_for)
    ReadingFactory(capture__user=amy, crop=default_storage.save("crops/a.jpg", ContentFile(b"a")))
    with time_machine.travel(days(31)):
        enforced()
    assert EmotionReading.objects.exclude(crop="").count() == left
    assert len(default_storage.listdir("crops")[1]) == left
    assert EmotionReading.objects.count() == 1


def test_a_person_who_stays_away_is_told_and_her_account_goes_a_month_later(amy, settings):
    idle = UserFactory(email="idle@example.org", last_login=timezone.now())
    with time_machine.travel(days(settings.INACTIVE_ACCOUNT_DAYS - inactivity.NOTICE.days + 1), tick=False):
        User.objects.filter(pk=amy.pk).update(last_login=timezone.now())
        for _ in range(2):
            enforced()
        [letter] = mail.outbox
        assert letter.to == [idle.email]
        assert "will be deleted in 30 days" in letter.body
    with time_machine.travel(days(settings.INACTIVE_ACCOUNT_DAYS + 2), tick=False):
        User.objects.filter(pk=amy.pk).update(last_login=timezone.now())
        enforced()
        assert ErasureRequest.objects.get().user == idle


def test_whoever_was_not_told_or_came_back_keeps_the_account(settings):
    never_told = UserFactory(email="a@example.org", last_login=days(-settings.INACTIVE_ACCOUNT_DAYS - 100))
    back = UserFactory(email="b@example.org", last_login=days(-settings.INACTIVE_ACCOUNT_DAYS - 100))
    inactivity.inactive_remind()
    with time_machine.travel(days(31), tick=False):
        User.objects.filter(pk=back.pk).update(last_login=timezone.now())
        never_told.privacy_preference.delete()
        assert inactivity.inactive_delete() == 0
    assert not ErasureRequest.objects.exists()


def test_those_who_run_the_site_are_never_deleted_for_staying_away(settings):
    UserFactory(email="root@example.org", is_staff=True, last_login=days(-5000))
    assert not inactivity.to_remind().exists()
