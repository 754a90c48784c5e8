import datetime

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from emotion import services
from emotion.models import Capture, EmotionReading
from emotion.tasks import capture_process
from ml.types import Advice, Emotion
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.factories import CaptureFactory, UserFactory
from tests.support.pipelines import face

pytestmark = pytest.mark.django_db


def process(capture):
    capture_process(capture.pk)
    return Capture.objects.get(pk=capture.pk)


def test_a_capture_is_read_once_and_its_picture_is_deleted(scripted, django_capture_on_commit_callbacks):
    capture = CaptureFactory()
    name = capture.image.name
    with django_capture_on_commit_callbacks(execute=True):
        done = process(capture)
    reading = EmotionReading.objects.get()
    assert (done.status, done.image.name, done.claim_token) == ("done", "", None)
    assert not default_storage.exists(name)
    assert (reading.dominant, reading.user) == ("happiness", capture.user)
    assert sum(reading.scores.values()) == pytest.approx(1)
    assert not reading.crop


def test_the_same_message_five_times_gives_one_reading(scripted):
    capture = CaptureFactory()
    for _ in range(5):
        capture_process(capture.pk)
    assert EmotionReading.objects.count() == 1
    assert scripted.calls == 1


def test_a_message_for_a_capture_that_is_gone_is_no_error(scripted):
    capture_process(987654)
    assert scripted.calls == 0


def test_a_capture_deleted_while_it_is_read_leaves_nothing(scripted):
    capture = CaptureFactory()
    scripted.before = lambda: services.captures_delete(captures=Capture.objects.filter(pk=capture.pk))
    capture_process(capture.pk)
    assert not EmotionReading.objects.exists()


def test_a_consent_withdrawn_before_reading_stops_it(scripted):
    capture = CaptureFactory(user=UserFactory(consents=()))
    capture_process(capture.pk)
    assert scripted.calls == 0
    assert not Capture.objects.exists()


def test_a_worker_that_lost_its_claim_writes_nothing(scripted):
    capture = CaptureFactory()

    def another_takes_over():
        Capture.objects.update(status="pending", claim_token=None)
        assert services.capture_claim(capture_id=capture.pk)

    scripted.before = another_takes_over
    capture_process(capture.pk)
    assert not EmotionReading.objects.exists()
    assert Capture.objects.get().status == "processing"


def test_an_error_gives_the_claim_back_and_the_third_ends_the_capture(scripted, caplog):
    def broken():
        raise RuntimeError("the detector broke")

    scripted.before = broken
    capture = CaptureFactory()
    assert process(capture).status == "pending"
    assert process(capture).status == "pending"
    ended = process(capture)
    assert (ended.status, ended.refusal, ended.image.name, ended.attempts) == ("failed", "processing_failed", "", 3)
    capture_process(capture.pk)
    assert scripted.calls == 3
    assert "capture_failed" in caplog.text


def test_a_picture_that_vanished_is_told(scripted):
    capture = CaptureFactory()
    default_storage.delete(capture.image.name)
    ended = process(capture)
    assert (ended.status, ended.refusal) == ("failed", "picture_lost")


@pytest.mark.parametrize(
    ("faces", "refusal"),
    [((), "no_face"), ((face(brightness=10),), "too_dark"), ((face(face_size=15),), "face_too_small")],
)
def test_a_picture_that_cannot_be_read_honestly_is_refused(scripted, faces, refusal):
    scripted.faces = faces
    ended = process(CaptureFactory())
    assert (ended.status, ended.refusal, ended.image.name) == ("refused", refusal, "")
    assert not EmotionReading.objects.exists()


def test_of_several_faces_the_first_is_read_and_all_are_remembered(scripted):
    scripted.faces = (face(Emotion.SADNESS, advice=(Advice.SEVERAL_FACES,)), face(x=200))
    process(CaptureFactory())
    reading = EmotionReading.objects.get()
    assert reading.dominant == "sadness"
    assert [box["x"] for box in reading.faces] == [60, 200]
    assert reading.quality["advice"] == ["several_faces"]


def test_a_crop_is_kept_only_with_consent_and_goes_with_it(scripted, django_capture_on_commit_callbacks):
    capture = CaptureFactory()
    consent_record(user=capture.user, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    process(capture)
    name = EmotionReading.objects.get().crop.name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        consent_record(user=capture.user, purpose=Purpose.STORE_IMAGE, granted=False, given_through="test")
    assert not default_storage.exists(name)
    assert EmotionReading.objects.get().crop.name == ""


def test_a_live_lease_is_left_alone_and_an_expired_one_released(scripted):
    capture = CaptureFactory()
    claimed = services.capture_claim(capture_id=capture.pk)
    assert services.captures_sweep()["released"] == 0
    Capture.objects.update(lease_expires_at=timezone.now() - datetime.timedelta(seconds=1))
    swept = services.captures_sweep()
    assert swept == {"released": 1, "published": 1}
    assert not services.lease_renew(capture=claimed)
    assert process(capture).status == "done"


def test_the_third_expired_lease_ends_the_capture():
    capture = CaptureFactory(attempts=2)
    services.capture_claim(capture_id=capture.pk)
    Capture.objects.update(lease_expires_at=timezone.now() - datetime.timedelta(seconds=1))
    services.captures_sweep()
    assert Capture.objects.get().status == "failed"


def test_a_message_that_was_lost_is_sent_again(monkeypatch):
    queued = []
    monkeypatch.setattr("emotion.tasks.capture_process.delay", queued.append)
    lost = CaptureFactory(published_at=timezone.now() - datetime.timedelta(minutes=1))
    CaptureFactory()
    services.captures_sweep()
    services.captures_sweep()
    assert queued == [lost.pk]


def test_captures_past_their_term_are_deleted():
    kept = CaptureFactory(status="done")
    CaptureFactory(status="done", expires_at=timezone.now() - datetime.timedelta(seconds=1))
    assert services.captures_expire() == 1
    assert Capture.objects.get() == kept


def test_files_without_a_row_are_swept_once_they_are_old(monkeypatch):
    capture = CaptureFactory()
    orphan = default_storage.save("captures/orphan.jpg", ContentFile(b"left behind"))
    assert services.files_sweep() == 0
    monkeypatch.setattr(services, "ORPHAN_AGE", datetime.timedelta(0))
    assert services.files_sweep() == 1
    assert not default_storage.exists(orphan)
    assert default_storage.exists(capture.image.name)
