import io

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone
from kombu.exceptions import OperationalError
from PIL import Image

from emotion import services
from emotion.models import Capture
from mood_music.errors import UserError
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.factories import CaptureFactory, UserFactory
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.django_db


def create(user, data, **options):
    return services.capture_create(user=user, photo=io.BytesIO(data), source=Capture.Source.UPLOAD, **options)


def stored_files():
    return [name for folder in ("captures", "crops") if default_storage.exists(folder)
            for name in default_storage.listdir(folder)[1]]  # fmt: skip


def test_a_photo_becomes_a_pending_capture_whose_id_is_queued_after_commit(
    amy, photo, monkeypatch, django_capture_on_commit_callbacks
):
    queued = []
    monkeypatch.setattr("emotion.tasks.capture_process.delay", queued.append)
    with django_capture_on_commit_callbacks(execute=True):
        capture = create(amy, photo)
        assert queued == []
    assert queued == [capture.pk]
    assert (capture.status, capture.user) == ("pending", amy)


def test_the_stored_picture_carries_nothing_of_the_file_but_its_pixels(amy):
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    original = encoded(picture(), exif=exif, comment=b"a secret word") + b"a secret trailer"
    with create(amy, encoded(picture(), exif=exif, comment=b"a secret word")).image.open() as file:
        kept = file.read()
    assert b"secret" in original
    assert b"secret" not in kept
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_without_consent_nothing_is_stored(photo):
    stranger = UserFactory(consents=())
    with pytest.raises(UserError) as refused:
        create(stranger, photo)
    assert (refused.value.message_id, refused.value.status) == ("consent_required", 403)
    assert not Capture.objects.exists()
    assert stored_files() == []


def test_a_yes_to_an_older_notice_is_no_consent(amy, photo, monkeypatch):
    monkeypatch.setattr("privacy.selectors.NOTICE_VERSION", "2099-01-01")
    with pytest.raises(UserError, match="consent_required"):
        create(amy, photo)


def test_the_same_key_leads_to_the_same_capture(amy, bob, photo):
    first = create(amy, photo, idempotency_key="k")
    assert create(amy, photo, idempotency_key="k") == first
    assert create(bob, photo, idempotency_key="k") != first


def test_a_person_has_a_bounded_number_under_way(amy, bob, photo, settings):
    settings.CAPTURES_IN_FLIGHT_PER_USER = 2
    CaptureFactory.create_batch(2, user=amy)
    with pytest.raises(UserError) as refused:
        create(amy, photo)
    assert (refused.value.message_id, refused.value.status) == ("in_flight", 429)
    assert create(bob, photo).pk


def test_a_full_queue_asks_to_come_back(bob, photo, settings):
    settings.CAPTURES_PENDING_LIMIT = 3
    CaptureFactory.create_batch(3)
    with pytest.raises(UserError) as refused:
        create(bob, photo)
    assert (refused.value.message_id, refused.value.status, refused.value.retry_after) == ("busy", 503, 60)


def test_a_queue_that_is_down_loses_nothing(amy, photo, monkeypatch, django_capture_on_commit_callbacks):
    def down(capture_id):
        raise OperationalError

    monkeypatch.setattr("emotion.tasks.capture_process.delay", down)
    with django_capture_on_commit_callbacks(execute=True):
        capture = create(amy, photo)
    assert Capture.objects.get(pk=capture.pk).status == "pending"


def test_a_full_disk_leaves_no_row_and_no_file(amy, photo, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Capture, "save", full)
    with pytest.raises(OSError, match="No space"):
        create(amy, photo)
    assert stored_files() == []
    assert not Capture.objects.exists()


def test_without_a_history_a_capture_expires_within_the_hour(photo):
    forgetful = UserFactory(consents=(Purpose.EMOTION_INFERENCE,))
    minutes = (create(forgetful, photo).expires_at - timezone.now()).total_seconds() / 60
    assert 59 < minutes <= 60


def test_with_a_history_a_capture_stays(amy, photo):
    assert create(amy, photo).expires_at is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_an_image"),
        (b"hello", "not_an_image"),
        (encoded(picture(), "GIF"), "not_an_image"),
        (encoded(picture())[:-400], "truncated"),
        (encoded(picture((20, 20))), "too_small"),
        (encoded(picture(), "WEBP", save_all=True, append_images=[picture(colour=(1, 2, 3))]), "animated"),
    ],
)
def test_a_file_that_is_no_still_picture_is_refused_with_its_reason(amy, data, code):
    with pytest.raises(UserError) as refused:
        create(amy, data)
    assert refused.value.message_id == code
    assert stored_files() == []


def test_withdrawing_consent_deletes_waiting_pictures_at_once(amy, photo, django_capture_on_commit_callbacks):
    create(amy, photo)
    assert len(stored_files()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        consent_record(user=amy, purpose=Purpose.EMOTION_INFERENCE, granted=False, given_through="test")
    assert not Capture.objects.exists()
    assert stored_files() == []
