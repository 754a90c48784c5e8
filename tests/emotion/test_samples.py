"""What the network may learn from: kept only with consent, labelled by its person, gone with her word."""

import datetime
import hashlib
import io
import json
import zipfile

import jsonschema
import numpy as np
import pytest
import time_machine
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from emotion.models import Capture, EmotionReading, TrainingSample
from emotion.samples.selectors import HOLD_OUT_ONE_IN, held_out_of, samples_for_training
from emotion.services import capture_forget, captures_expire, files_sweep, reading_correct
from emotion.tasks import capture_process
from ml.alignment import grey_face
from ml.pictures import open_picture
from privacy.archive import archive_write
from privacy.models import ConsentRecord
from privacy.purposes import Purpose
from privacy.retention import retention_enforce
from privacy.services import consent_record, sensitive_use_limit
from privacy.subjects import Subject
from tests.emotion.learning import ALL, accepted, folder, trained
from tests.factories import CaptureFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_with_consent_the_aligned_face_is_kept_and_nothing_more_of_the_picture(read, learner, scripted, settings):
    capture = CaptureFactory(user=learner)
    with capture.image.open("rb") as file:
        wanted = grey_face(open_picture(file.file), scripted.faces[0].detection.landmarks)
    capture_process(capture.pk)
    sample = TrainingSample.objects.get()
    with Image.open(default_storage.path(sample.image.name)) as kept:
        assert (kept.format, kept.mode, kept.size, kept.info) == ("PNG", "L", (48, 48), {})
        assert np.array_equal(np.asarray(kept), wanted)
    assert sample.sha256 == hashlib.sha256(wanted.tobytes()).hexdigest()
    assert (sample.status, sample.label, sample.predicted) == ("waiting", "", "happiness")
    assert (sample.user, sample.reading.capture, sample.model_version) == (learner, capture, "scripted-1")
    assert sample.consent == ConsentRecord.objects.get(user=learner, purpose="train_model")
    assert len(folder(settings)) == 1


@pytest.mark.parametrize("said", [(), (True, False)])
def test_without_a_live_consent_no_face_is_kept(read, settings, said):
    user = UserFactory()
    for granted in said:
        consent_record(user=user, purpose=Purpose.TRAIN_MODEL, granted=granted, given_through="test")
    read(user)
    assert not TrainingSample.objects.exists()
    assert folder(settings) == []


def test_a_consent_to_older_words_keeps_no_face(read, learner, monkeypatch):
    read()
    monkeypatch.setattr("privacy.selectors.NOTICE_VERSION", "2099-01-01")
    capture_process(CaptureFactory(user=learner).pk)
    assert TrainingSample.objects.count() == 1


def test_whoever_limits_the_use_of_moods_leaves_no_face(read, learner, settings):
    sensitive_use_limit(user=learner, limited=True)
    read()
    assert not TrainingSample.objects.exists()


@pytest.mark.parametrize(("word", "origin"), [("sadness", "corrected"), ("happiness", "confirmed")])
def test_the_persons_word_makes_a_sample_of_it(read, word, origin):
    reading_correct(reading=read(), emotion=word)
    sample = TrainingSample.objects.get()
    assert (sample.status, sample.label, sample.origin) == ("pending", word, origin)
    assert sample.labelled_at is not None


def test_a_confirmation_is_one_tap_on_the_page_without_script(client, read, learner, catalogue):
    from recommendations.services import set_build

    reading = read()
    set_build(reading_id=reading.pk)
    client.force_login(learner)
    address = reverse("result", args=[reading.capture.public_id])
    page = client.get(address).content.decode()
    assert "s right</button>" in page
    assert "waits for your word" in page
    client.post(reverse("reading_correct", args=[reading.capture.public_id]), {"emotion": "happiness"})
    assert TrainingSample.objects.get().origin == "confirmed"
    page = client.get(address).content.decode()
    assert "That is what the model saw, too" in page
    assert "s right</button>" not in page


def test_a_reading_that_is_not_sure_is_not_to_be_waved_through(client, amy, catalogue):
    from recommendations.services import set_build
    from tests.factories import ReadingFactory

    reading = ReadingFactory(capture__user=amy, confidence=0.4, sure=False)
    set_build(reading_id=reading.pk)
    client.force_login(amy)
    assert "s right</button>" not in client.get(reverse("result", args=[reading.capture.public_id])).content.decode()


def test_a_later_word_changes_a_waiting_label_and_sends_an_accepted_one_back_to_review(read, admin_user):
    reading = read()
    reading_correct(reading=reading, emotion="sadness")
    reading_correct(reading=reading, emotion="fear")
    assert TrainingSample.objects.get().label == "fear"
    sample = accepted(reading, admin_user, "fear")
    assert (sample.status, sample.reviewed_by) == ("accepted", admin_user)
    reading_correct(reading=reading, emotion="fear")
    sample.refresh_from_db()
    assert sample.status == "accepted"
    reading_correct(reading=reading, emotion="happiness")
    sample.refresh_from_db()
    assert (sample.status, sample.label, sample.origin) == ("pending", "happiness", "confirmed")
    assert (sample.reviewed_by, sample.reviewed_at) == (None, None)


def test_only_accepted_samples_of_people_who_consent_now_are_learned_from(read, learner, admin_user, monkeypatch):
    accepted(read(), admin_user)
    reading_correct(reading=read(), emotion="fear")
    read()
    assert [sample.label for sample in samples_for_training()] == ["sadness"]
    with monkeypatch.context() as newer:
        newer.setattr("privacy.selectors.NOTICE_VERSION", "2099-01-01")
        assert not samples_for_training().exists()
    assert samples_for_training().count() == 1


def test_a_person_leaves_no_more_faces_than_the_cap_and_unsaid_ones_make_room(read, settings, learner):
    settings.TRAINING_SAMPLES_PER_PERSON = 3
    said = read()
    reading_correct(reading=said, emotion="sadness")
    unsaid = [read() for _ in range(2)]
    newest = read()
    held = set(TrainingSample.objects.values_list("reading_id", flat=True))
    assert held == {said.pk, unsaid[1].pk, newest.pk}
    for reading in (unsaid[1], newest):
        reading_correct(reading=reading, emotion="fear")
    read()
    assert set(TrainingSample.objects.values_list("reading_id", flat=True)) == held
    read(UserFactory(consents=ALL))
    assert TrainingSample.objects.count() == 4


def test_a_face_without_a_word_goes_after_its_term(read, settings, django_capture_on_commit_callbacks):
    said, unsaid = read(), read()
    reading_correct(reading=said, emotion="sadness")
    days = datetime.timedelta(days=settings.SAMPLE_WAITING_DAYS)
    with django_capture_on_commit_callbacks(execute=True):
        with time_machine.travel(timezone.now() + days - datetime.timedelta(hours=1)):
            retention_enforce()
        assert TrainingSample.objects.count() == 2
        with time_machine.travel(timezone.now() + days + datetime.timedelta(hours=1)):
            due = {each.rule: each.count for each in retention_enforce(dry_run=True)}
            assert due["unlabelled_samples"] == 1
            retention_enforce()
    assert TrainingSample.objects.get().reading == said
    assert len(folder(settings)) == 1
    assert EmotionReading.objects.filter(pk=unsaid.pk).exists()


def test_a_reading_that_is_not_to_be_kept_leaves_its_labelled_face_and_takes_an_unsaid_one(
    read, settings, django_capture_on_commit_callbacks
):
    user = UserFactory(consents=(Purpose.EMOTION_INFERENCE, Purpose.TRAIN_MODEL))
    past = timezone.now() - datetime.timedelta(minutes=1)
    said, _ = read(user, expires_at=past), read(user, expires_at=past)
    reading_correct(reading=said, emotion="sadness")
    with django_capture_on_commit_callbacks(execute=True):
        assert captures_expire() == 2
    sample = TrainingSample.objects.get()
    assert (sample.reading, sample.label, sample.status) == (None, "sadness", "pending")
    assert len(folder(settings)) == 1


def test_a_withdrawn_history_leaves_the_labelled_faces_which_have_a_consent_of_their_own(read, learner):
    reading_correct(reading=read(), emotion="sadness")
    read()
    consent_record(user=learner, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    assert not EmotionReading.objects.exists()
    assert TrainingSample.objects.get().label == "sadness"


def test_deleting_a_reading_deletes_its_face(read, settings, django_capture_on_commit_callbacks):
    kept, gone = read(), read()
    reading_correct(reading=gone, emotion="sadness")
    with django_capture_on_commit_callbacks(execute=True):
        capture_forget(capture=gone.capture)
    assert TrainingSample.objects.get().reading == kept
    assert len(folder(settings)) == 1


def test_a_face_whose_row_is_gone_is_swept(read, settings):
    read()
    TrainingSample.objects.all().delete()
    files_sweep()
    assert len(folder(settings)) == 1
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=2)):
        files_sweep()
    assert folder(settings) == []


def test_a_face_that_is_still_needed_is_not_swept(read, settings):
    read()
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=2)):
        files_sweep()
    assert len(folder(settings)) == 1


def test_a_full_disk_leaves_neither_a_row_nor_a_file(read, learner, monkeypatch, settings):
    def full(*args, **kwargs):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(TrainingSample, "save", full)
        capture_process(CaptureFactory(user=learner).pk)
    assert folder(settings) == []
    assert not EmotionReading.objects.exists()
    assert Capture.objects.get().status == "pending"


def test_about_one_person_in_five_is_held_out_for_ever_whatever_the_sites_secrets(settings):
    from accounts.models import User

    people = [User() for _ in range(4000)]
    before = [held_out_of(user) for user in people]
    # Binomial: 4000 people, one in five, four standard deviations to either side.
    assert abs(sum(before) - 4000 / HOLD_OUT_ONE_IN) < 4 * (4000 * 0.2 * 0.8) ** 0.5
    settings.SECRET_KEY = "another"
    assert [held_out_of(user) for user in people] == before


def test_all_samples_of_a_person_are_on_one_side(read, learner):
    read(), read()
    assert set(TrainingSample.objects.values_list("held_out", flat=True)) == {held_out_of(learner)}


def test_a_copy_of_ones_data_has_the_faces_their_consents_and_what_learned_from_them(read, learner, admin_user):
    sample = accepted(read(), admin_user)
    reading = sample.reading
    trained("learned-1", sample)
    accepted(read(UserFactory(consents=ALL)), admin_user, "anger")
    file = io.BytesIO()
    archive_write(file, Subject.of(learner), lambda percent: None)
    with zipfile.ZipFile(file) as copy:
        base = "data/training_samples/emotion."
        [row] = json.loads(copy.read(f"{base}TrainingSample.json"))
        [entry] = json.loads(copy.read(f"{base}ManifestEntry.json"))
        for name, found in (("TrainingSample", row), ("ManifestEntry", entry)):
            jsonschema.validate([found], json.loads(copy.read(f"{base}{name}.schema.json")))
        picture = copy.read(row["image"])
        assert len([name for name in copy.namelist() if name.startswith("media/training_samples/")]) == 1
    assert hashlib.sha256(Image.open(io.BytesIO(picture)).tobytes()).hexdigest() == row["sha256"]
    assert row["reading__capture__public_id"] == str(reading.capture.public_id)
    assert row["consent__created_at"][:19] == sample.consent.created_at.isoformat()[:19]
    assert (row["label"], row["status"], row["predicted"]) == ("sadness", "accepted", "happiness")
    assert (entry["run__version__version"], entry["held_out"]) == ("learned-1", False)
    assert admin_user.email not in str(row)


def test_the_privacy_centre_counts_the_faces_and_says_who_sees_them(client, read, learner):
    read(), read()
    client.force_login(learner)
    answer = client.get(reverse("privacy_centre"))
    [held] = [item for item in answer.context["held"] if item.category.name == "training_samples"]
    assert held.count == 2
    assert held.bytes > sum(default_storage.size(s.image.name) for s in TrainingSample.objects.all())
    assert "without knowing whose they are" in answer.content.decode()
