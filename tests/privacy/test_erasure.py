"""Trust statements 7 and 9: what is erased is gone, whatever dies meanwhile, and nothing of anybody else is."""

import datetime
from types import SimpleNamespace

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from emotion import services as captures
from emotion.models import Capture, EmotionReading, TrainingSample
from emotion.tasks import capture_process
from privacy import erasure
from privacy.erasure import erasure_cancel, erasure_request, erasure_run, erasures_due
from privacy.holdings import category_erase, files_held
from privacy.models import AuditEvent, ConsentRecord, DataExport, ErasureRequest
from privacy.purposes import Purpose
from privacy.registry import category_named
from privacy.replay import erasures_replay
from privacy.selectors import consent_granted
from privacy.services import consent_record
from privacy.subjects import Subject
from privacy.tasks import erasures_sweep
from recommendations.services import set_build
from tests.factories import PASSWORD, CaptureFactory, ReadingFactory, UserFactory
from tests.privacy.filling import Filler, dump

pytestmark = pytest.mark.django_db(transaction=True)
# Speak of nobody; that they grow is what they are for.
LOGBOOKS = {
    "privacy_auditevent",
    "privacy_audithead",
    "privacy_erasurerequest",
    "privacy_rightsrequest",
    # What a training was given and somebody withdrew: that it was withdrawn, and no more.
    "emotion_manifestentry",
}
WHOLE, PART = ErasureRequest(scope="account"), ErasureRequest(scope="readings")
STEPS = [("account", name) for name, _ in (*erasure._steps_now(WHOLE), *erasure._steps_last(WHOLE))]
STEPS += [("readings", name) for name, _ in erasure._steps_last(PART)]


class Crash(BaseException):
    """Stand for the end of a process."""


def erase_whole(user, scope="account"):
    """Ask for the deletion of an account, or of one category, and let its grace pass."""
    request = erasure_request(user=user, scope=scope)
    ErasureRequest.objects.filter(pk=request.pk).update(due_at=timezone.now() - datetime.timedelta(seconds=1))
    return erasure_run(request=request)


def files(settings):
    return {p.name: p.read_bytes() for p in settings.MEDIA_ROOT.rglob("*") if p.is_file()}


def traces(settings, user, mark):
    """Return where anything of a person stands: rows, files, folders that the site writes."""
    needles = [mark, str(user.public_id), user.public_id.hex]
    found = [row for table, rows in dump().items() for row in rows if any(n in row for n in needles)]
    for folder in (settings.MEDIA_ROOT, settings.DATA_DIR, settings.TOMBSTONES_DIR):
        for path in folder.rglob("*"):
            held = path.read_bytes() if path.is_file() else b""
            found += [path.name for needle in needles if needle.encode() in held]
    return found


def failed_logins():
    return [key for key in cache._cache if "login_failed" in key]


@pytest.fixture
def data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.EMAIL_FILE_PATH = settings.DATA_DIR / "mail"
    settings.EMAIL_FILE_PATH.mkdir(parents=True)
    return settings.DATA_DIR


def test_statement_7_after_erasing_a_no_trace_is_left_and_b_is_byte_identical(settings, data_dir, client):
    bob = Filler("markofbob").fill()
    before, media_before = dump(), files(settings)
    filler = Filler("markofamy")
    amy = filler.fill()
    (settings.EMAIL_FILE_PATH / "1.log").write_text(f"To: {amy.email}\nWelcome")
    (settings.EMAIL_FILE_PATH / "2.log").write_text(f"To: {bob.email}\nWelcome")
    (data_dir / "web.log").write_text(f"one line\nanother about {amy.email}\n")
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/key"}
    cache.clear()
    for user in (amy, bob):
        client.post(reverse("account_login"), {"login": user.email, "password": "guessed"})
    assert len(failed_logins()) == 2
    assert len(traces(settings, amy, "markofamy")) > 10
    id_before, public_id = amy.pk, amy.public_id

    assert erase_whole(amy).status == "done"

    assert traces(settings, SimpleNamespace(public_id=public_id), "markofamy") == []
    after = dump()
    assert {t: rows for t, rows in after.items() if t not in LOGBOOKS} == {
        t: rows for t, rows in before.items() if t not in LOGBOOKS
    }
    assert all(set(before[t]) <= set(after[t]) for t in LOGBOOKS - {"privacy_audithead"})
    assert files(settings) == media_before
    assert len(failed_logins()) == 1
    assert not ErasureRequest.objects.filter(user_id=id_before).exists()
    assert [p.name for p in settings.EMAIL_FILE_PATH.iterdir()] == ["2.log"]
    assert (data_dir / "web.log").read_text() == "one line\n"


def test_the_filling_that_statement_7_is_proved_with_reaches_every_declared_model():
    from privacy.holdings import model_of
    from privacy.registry import categories

    filler = Filler("markofamy")
    filler.fill()
    assert {model_of(t) for c in categories() for t in c.tables} == set(filler.made)


@pytest.mark.parametrize(("scope", "step"), STEPS)
def test_statement_9_a_crash_at_any_step_and_a_second_run_completes(settings, data_dir, monkeypatch, scope, step):
    amy = Filler("markofamy").fill()
    user_id, public_id = amy.pk, amy.public_id

    def crash(request_id, name):
        if name == step:
            raise Crash(name)

    with monkeypatch.context() as dying:
        dying.setattr(erasure, "step_reached", crash)
        with pytest.raises(Crash):
            erase_whole(amy, scope)
    assert ErasureRequest.objects.exclude(status="done").exclude(scope="music").count() == 1
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=settings.ERASURE_GRACE_HOURS, minutes=5)):
        for pk in erasures_due():
            erasure_run(request=ErasureRequest.objects.get(pk=pk))
        assert erasures_due() == []
    if scope == "account":
        assert traces(settings, SimpleNamespace(public_id=public_id), "markofamy") == []
    assert not EmotionReading.objects.exists()
    assert not DataExport.objects.exists()
    assert len(files(settings)) == len(files_held(Subject(user_id, str(public_id), ())))
    assert AuditEvent.objects.filter(kind="erasure_done").count() == 1


def test_statement_9_a_crash_between_the_commit_and_the_files_leaves_no_file(settings, data_dir, monkeypatch):
    amy = Filler("markofamy").fill()

    def crash(name):
        raise Crash(name)

    with monkeypatch.context() as dying:
        dying.setattr("mood_music.files.default_storage.delete", crash)
        with pytest.raises(Crash):
            erase_whole(amy)
    assert files(settings)
    assert erase_whole(amy).status == "done"
    assert not files(settings)


def test_statement_9_an_erasure_is_never_done_while_anything_is_left(monkeypatch, amy):
    with monkeypatch.context() as failing:
        failing.setattr(erasure, "category_erase", lambda category, subject: None)
        request = erase_whole(amy)
    assert request.status == "erasing"
    assert "1 of accounts.User" in request.residue
    assert not mail.outbox
    assert erasure_run(request=request).status == "done"
    assert not User.objects.exists()


def test_statement_9_work_in_flight_creates_nothing_again(amy, scripted, settings):
    waiting = CaptureFactory(user=amy)
    reading = ReadingFactory(capture__user=amy)
    scripted.before = lambda: erasure_request(user=amy, scope="account")
    capture_process(waiting.pk)
    assert set_build(reading_id=reading.pk) is None
    capture_process(waiting.pk)
    assert not Capture.objects.exists()
    assert not EmotionReading.objects.exists()
    assert not files(settings)


def test_all_but_the_account_goes_at_once_and_the_account_can_be_kept_for_a_day(client, amy, settings):
    ReadingFactory(capture__user=amy)
    client.force_login(amy)
    request = erasure_request(user=amy, scope="account")
    assert (request.status, Capture.objects.count()) == ("grace", 0)
    assert client.get("/history/").status_code == 302
    assert not consent_granted(user=amy, purpose=Purpose.EMOTION_INFERENCE)
    client.force_login(amy)
    assert "Keep my account" in client.get("/privacy/").content.decode()
    client.post(reverse("erase_cancel"))
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=settings.ERASURE_GRACE_HOURS + 1)):
        erasures_sweep()
    assert User.objects.get() == amy
    assert ErasureRequest.objects.get().status == "cancelled"


def test_the_account_goes_when_its_time_is_up_and_no_sooner(amy, settings):
    erasure_request(user=amy, scope="account")
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=settings.ERASURE_GRACE_HOURS - 1)):
        assert erasures_due() == []
        erasure_run(request=ErasureRequest.objects.get())
        assert User.objects.exists()
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=settings.ERASURE_GRACE_HOURS + 1)):
        assert len(erasures_due()) == 1
        erasure_run(request=ErasureRequest.objects.get())
    assert not User.objects.exists()
    assert not erasure_cancel(user=amy)


def test_what_was_erased_is_told_in_a_last_mail(amy):
    ReadingFactory.create_batch(2, capture__user=amy)
    erase_whole(amy)
    [letter] = mail.outbox
    assert letter.to == ["amy@example.org"]
    assert "Readings, with your corrections (2)" in letter.body
    assert "Your account" in letter.body


def test_one_category_is_erased_alone(amy, bob, settings):
    ReadingFactory(capture__user=amy, crop=erasure.default_storage.save("crops/a.jpg", captures.ContentFile(b"a")))
    theirs = ReadingFactory(capture__user=bob)
    assert erasure_request(user=amy, scope="crops").status == "done"
    assert EmotionReading.objects.get(user=amy).crop == ""
    assert not files(settings)
    assert erasure_request(user=amy, scope="readings").status == "done"
    assert EmotionReading.objects.get() == theirs
    assert User.objects.filter(pk=amy.pk).exists()


def test_files_of_rows_that_go_in_a_cascade_go_too(settings):
    filler = Filler("markofamy")
    subject = Subject.of(filler.fill())
    sample = filler.made[TrainingSample]
    assert sample.image.name in files_held(subject)
    category_erase(category_named("consents"), subject)
    assert not TrainingSample.objects.exists()
    assert sample.image.name.rsplit("/")[-1] not in files(settings)
    assert len(files(settings)) == len(files_held(subject)) > 2


def waiting_copy(user):
    name = erasure.default_storage.save("exports/a.zip", captures.ContentFile(b"all that is held"))
    return DataExport.objects.create(user=user, status="ready", file=name, session_digest="", link="")


@pytest.mark.parametrize(
    "delete",
    [
        lambda user, reading: erasure_request(user=user, scope="readings"),
        lambda user, reading: captures.capture_forget(capture=reading.capture),
        lambda user, reading: consent_record(
            user=user, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test"
        ),
    ],
    ids=["category", "one reading", "withdrawal"],
)
def test_no_copy_that_waits_to_be_fetched_outlives_what_was_deleted(amy, bob, settings, delete):
    reading = ReadingFactory(capture__user=amy)
    waiting_copy(amy)
    theirs = waiting_copy(bob)
    delete(amy, reading)
    assert DataExport.objects.get() == theirs
    assert list(files(settings)) == [theirs.file.name.removeprefix("exports/")]


def test_without_a_mail_server_all_is_erased_all_the_same_and_told_when_it_is_back(client, amy, monkeypatch):
    ReadingFactory(capture__user=amy)
    client.force_login(amy)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})

    def down(*args, **kwargs):
        raise ConnectionRefusedError

    with monkeypatch.context() as broken:
        broken.setattr(erasure, "send_mail", down)
        assert client.post(reverse("erase"), {"scope": "readings", "sure": "on"}).status_code == 302
    assert not EmotionReading.objects.exists()
    assert ErasureRequest.objects.get().status == "erasing"
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2)):
        for pk in erasures_due():
            erasure_run(request=ErasureRequest.objects.get(pk=pk))
    assert ErasureRequest.objects.get().status == "done"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("scope", ["account_of_bob", "consents", "music", ""])
def test_nothing_else_can_be_erased_alone(amy, scope):
    with pytest.raises(erasure.UserError):
        erasure_request(user=amy, scope=scope)


def test_deleting_asks_for_the_password_once_more_and_then_goes_on_by_itself(client, amy):
    ReadingFactory(capture__user=amy)
    client.force_login(amy)
    form = {"scope": "readings", "sure": "on"}
    answer = client.post(reverse("erase"), form)
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert EmotionReading.objects.count() == 1
    client.post(answer.url, {"password": "wrong"})
    assert EmotionReading.objects.count() == 1
    client.post(answer.url, {"password": PASSWORD})
    assert EmotionReading.objects.count() == 0


def test_deleting_the_account_by_its_page_logs_out_everywhere(client, amy):
    from django.test import Client

    elsewhere = Client()
    elsewhere.force_login(amy)
    client.force_login(amy)
    answer = client.post(reverse("erase"), {"scope": "account", "sure": "on"})
    answer = client.post(answer.url, {"password": PASSWORD}, follow=True)
    assert "Your data are deleted" in answer.content.decode()
    for browser in (client, elsewhere):
        assert browser.get("/history/").status_code == 302


def test_a_deletion_that_is_not_meant_deletes_nothing(as_amy, amy):
    ReadingFactory(capture__user=amy)
    answer = as_amy.post(reverse("erase"), {"scope": "readings"})
    as_amy.post(answer.url, {"password": PASSWORD})
    assert EmotionReading.objects.exists()


def test_two_wishes_at_once_are_one(amy):
    first = erasure_request(user=amy, scope="account")
    assert erasure_request(user=amy, scope="account") == first


def test_the_database_keeps_no_identifiers_of_an_erasure_that_is_over(amy):
    request = erase_whole(amy)
    with pytest.raises(IntegrityError):
        ErasureRequest.objects.filter(pk=request.pk).update(identifiers={"emails": ["amy@example.org"]})


def test_the_audit_log_tells_of_an_erasure_and_of_nobody(amy):
    public_id = str(amy.public_id)
    erase_whole(amy)
    events = [(e.kind, repr(e.detail)) for e in AuditEvent.objects.all()]
    assert {"erasure_requested", "erasure_done"} <= {kind for kind, _ in events}
    assert not [detail for _, detail in events if "amy" in detail or public_id in detail]


sqlite_only = pytest.mark.skipif(
    "postgres" in __import__("os").environ.get("DATABASE_URL", ""), reason="restores a SQLite file"
)


@pytest.fixture
def backup(tmp_path):
    """Return a function that restores the database as it is now."""
    import sqlite3

    connection.ensure_connection()
    copy = sqlite3.connect(tmp_path / "backup.sqlite3")
    yield SimpleNamespace(
        take=lambda: connection.connection.backup(copy), restore=lambda: copy.backup(connection.connection)
    )
    copy.close()


@sqlite_only
def test_statement_9_what_was_erased_is_erased_again_after_an_older_backup_was_restored(amy, bob, backup, settings):
    """An account, a category, one reading and a withdrawal, each since the backup."""
    carol, dora = UserFactory(email="carol@example.org"), UserFactory(email="dora@example.org")
    ReadingFactory(capture__user=amy)
    kept, forgotten = ReadingFactory.create_batch(2, capture__user=bob)
    crop = erasure.default_storage.save("crops/a.jpg", captures.ContentFile(b"a"))
    ReadingFactory(capture__user=amy, crop=crop)
    ReadingFactory(capture__user=carol)
    ReadingFactory(capture__user=dora)
    backup.take()
    erase_whole(amy)
    captures.capture_forget(capture=forgotten.capture)
    erasure_request(user=carol, scope="readings")
    consent_record(user=dora, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    assert EmotionReading.objects.get() == kept

    backup.restore()
    erasure.default_storage.save(crop, captures.ContentFile(b"a"))
    assert (User.objects.count(), EmotionReading.objects.count()) == (4, 6)
    assert erasures_replay().erased >= 4
    assert not files(settings)

    assert EmotionReading.objects.get() == kept
    assert set(User.objects.all()) == {bob, carol, dora}
    assert not consent_granted(user=dora, purpose=Purpose.STORE_HISTORY)
    assert consent_granted(user=dora, purpose=Purpose.EMOTION_INFERENCE)
    assert erasures_replay().erased == 0


@sqlite_only
def test_a_replay_leaves_what_came_after_the_erasure(amy, backup):
    ReadingFactory(capture__user=amy)
    erasure_request(user=amy, scope="readings")
    later = ReadingFactory(capture__user=amy)
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=False, given_through="test")
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    backup.take()
    backup.restore()
    erasures_replay()
    assert EmotionReading.objects.get() == later
    assert consent_granted(user=amy, purpose=Purpose.STORE_IMAGE)
    assert ConsentRecord.objects.filter(user=amy, purpose="store_image").count() == 3


def test_tombstones_say_nothing_of_whom_they_are_about(amy, settings):
    public_id = str(amy.public_id)
    erase_whole(amy)
    text = "".join(path.name + path.read_text() for path in settings.TOMBSTONES_DIR.iterdir())
    assert text
    assert public_id not in text
    assert "amy" not in text
