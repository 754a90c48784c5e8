"""Trust statements 9 and 10: a withdrawn face is gone at once, in any state, and what learned from it knows."""

import concurrent.futures
import datetime
import sqlite3
import threading
from types import SimpleNamespace

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from emotion.models import Capture, EmotionReading, ManifestEntry, ModelVersion, TrainingRun, TrainingSample
from emotion.samples import withdrawal
from emotion.samples.selectors import samples_for_training
from emotion.samples.services import sample_accept, sample_reject, samples_delete
from emotion.services import capture_forget, reading_correct
from emotion.tasks import capture_process
from emotion.versions.services import version_from_artifact
from ml.alignment import grey_face
from privacy.erasure import erasure_request
from privacy.models import AuditEvent
from privacy.purposes import Purpose
from privacy.replay import erasures_replay
from privacy.selectors import consent_granted
from privacy.services import consent_record, sensitive_use_limit
from tests.emotion.learning import ALL, accepted, folder, trained
from tests.factories import CaptureFactory, UserFactory
from tests.support.artifacts import write_artifact

pytestmark = pytest.mark.django_db(transaction=True)


def withdraw(user):
    consent_record(user=user, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test")


def forget_each(user):
    for capture in Capture.objects.filter(user=user):
        capture_forget(capture=capture)


WAYS = {
    "withdrawal": withdraw,
    "limit": lambda user: sensitive_use_limit(user=user, limited=True),
    "category": lambda user: erasure_request(user=user, scope="training_samples"),
    "readings": lambda user: erasure_request(user=user, scope="readings"),
    "account": lambda user: erasure_request(user=user, scope="account"),
    "each reading": forget_each,
}


@pytest.fixture
def every_state(read, learner, admin_user):
    """Leave a sample of one person in each state; return them by state."""
    waiting, pending, taken, refused = (read() for _ in range(4))
    reading_correct(reading=pending, emotion="fear")
    accepted(taken, admin_user)
    reading_correct(reading=refused, emotion="anger")
    sample_reject(sample=TrainingSample.objects.get(reading=refused), actor=admin_user)
    assert waiting.training_sample
    return {sample.status: sample for sample in TrainingSample.objects.all()}


@pytest.mark.parametrize("way", sorted(WAYS))
def test_whatever_its_state_a_face_goes_at_once_and_nobody_elses_does(every_state, read, learner, settings, way):
    assert set(every_state) == {"waiting", "pending", "accepted", "rejected"}
    other = read(UserFactory(consents=ALL))
    assert len(folder(settings)) == 4
    WAYS[way](learner)
    assert TrainingSample.objects.get().reading == other
    assert [f"samples/{name}" for name in folder(settings)] == [other.training_sample.image.name]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_version_that_learned_from_it_gets_a_date_and_its_manifest_names_nobody(
    every_state, read, learner, admin_user, settings, way
):
    mine = every_state["accepted"]
    theirs = accepted(read(UserFactory(consents=ALL)), admin_user)
    learned = trained("learned-1", mine, theirs)
    trained("child-1", start="learned-1")
    trained("grandchild-1", theirs, start="child-1")
    trained("measured-1", mine, held_out=True)
    trained("apart-1", theirs)
    ModelVersion.objects.create(version="shipped-1", sha256="0", size=1, origin="shipped", status="active")

    WAYS[way](learner)

    day = timezone.localdate() + datetime.timedelta(days=settings.MODEL_RETIRE_DAYS)
    dates = dict(ModelVersion.objects.values_list("version", "retire_by"))
    assert dates == {
        "learned-1": day,
        "child-1": day,
        "grandchild-1": day,
        "measured-1": None,
        "apart-1": None,
        "shipped-1": None,
    }
    gone = learned.run.manifest.exclude(withdrawn_at=None).get()
    assert (gone.sample, gone.consent, gone.sha256) == (None, None, "")
    kept = learned.run.manifest.get(withdrawn_at=None)
    assert (kept.sample, kept.sha256) == (theirs, theirs.sha256)
    assert not ManifestEntry.objects.filter(sha256=mine.sha256).exclude(sample=theirs).exclude(sha256="").exists()
    written = AuditEvent.objects.filter(kind="version_retire_by")
    assert sorted(event.detail["version"] for event in written) == ["child-1", "grandchild-1", "learned-1"]
    assert {event.subject for event in written} == {None}


def test_a_date_that_is_set_stays_when_somebody_else_withdraws_later(every_state, read, learner, admin_user):
    other = UserFactory(consents=ALL)
    trained("learned-1", every_state["accepted"], accepted(read(other), admin_user))
    withdraw(learner)
    first = ModelVersion.objects.get().retire_by
    with time_machine.travel(timezone.now() + datetime.timedelta(days=3)):
        withdraw(other)
    assert ModelVersion.objects.get().retire_by == first
    assert ManifestEntry.objects.filter(withdrawn_at=None).count() == 0


def test_a_withdrawn_face_is_in_no_later_training_even_if_its_person_comes_back(read, learner, admin_user):
    accepted(read(), admin_user)
    assert samples_for_training().count() == 1
    withdraw(learner)
    consent_record(user=learner, purpose=Purpose.TRAIN_MODEL, granted=True, given_through="test")
    assert not samples_for_training().exists()


def test_a_version_made_after_a_withdrawal_inherits_its_date(every_state, learner, settings):
    version = trained("learned-1", every_state["accepted"])
    following = trained("child-1", start="learned-1").run
    assert withdrawal.retire_by_of(version.run) is None
    assert withdrawal.retire_by_of(following) is None
    withdraw(learner)
    day = timezone.localdate() + datetime.timedelta(days=settings.MODEL_RETIRE_DAYS)
    assert withdrawal.retire_by_of(version.run) == day
    assert withdrawal.retire_by_of(following) == day


def test_a_version_that_comes_of_a_run_begins_with_the_date_of_what_was_withdrawn(every_state, learner, tmp_path):
    trained("learned-1", every_state["accepted"])
    run, apart = (
        TrainingRun.objects.create(kind="fine_tune", status="done", is_open=False, options={}, start_version=start)
        for start in ("learned-1", "")
    )
    withdraw(learner)
    made = [
        version_from_artifact(folder=write_artifact(tmp_path / name, name), origin="trained", run=each)
        for name, each in {"after": run, "apart": apart}.items()
    ]
    assert [version.retire_by for version in made] == [ModelVersion.objects.get(version="learned-1").retire_by, None]


def test_nothing_is_kept_of_a_picture_that_is_read_while_its_person_withdraws(scripted, learner, settings):
    """She says no while the network looks: the reading is hers to have, the copy for training is not made."""
    capture = CaptureFactory(user=learner)
    scripted.before = lambda: withdraw(learner)
    capture_process(capture.pk)
    assert EmotionReading.objects.count() == 1
    assert not TrainingSample.objects.exists()
    assert folder(settings) == []


@pytest.mark.postgres
def test_a_withdrawal_waits_for_the_picture_that_is_being_stored_and_then_takes_its_face(
    scripted, learner, settings, monkeypatch
):
    """The worker has asked for the consent and has not committed; SQLite lets nobody else write meanwhile anyway."""
    asked, answered = threading.Event(), threading.Event()

    def slow(*args):
        asked.set()
        # She cannot be answered before this ends; where she could, her face would stay.
        answered.wait(timeout=2)
        return grey_face(*args)

    def say_no():
        try:
            assert asked.wait(timeout=60)
            withdraw(learner)
            answered.set()
        finally:
            connections.close_all()

    monkeypatch.setattr("emotion.samples.services.grey_face", slow)
    capture = CaptureFactory(user=learner)
    with concurrent.futures.ThreadPoolExecutor(1) as other:
        said = other.submit(say_no)
        capture_process(capture.pk)
        said.result(timeout=60)
    assert EmotionReading.objects.count() == 1
    assert not TrainingSample.objects.exists()
    assert folder(settings) == []


def test_a_word_after_the_withdrawal_brings_nothing_back(read, learner):
    reading = read()
    withdraw(learner)
    reading_correct(reading=reading, emotion="sadness")
    assert not TrainingSample.objects.exists()


class Crash(BaseException):
    """Stand for the end of a process."""


@pytest.mark.parametrize(
    "point",
    [
        "emotion.samples.services.versions_flag_retire",
        "emotion.samples.services.manifests_blank",
        "emotion.samples.withdrawal.audit_write",
        "privacy.services.audit_write",
    ],
)
def test_a_crash_in_the_middle_of_a_withdrawal_changes_nothing_and_a_second_try_does_all(
    every_state, learner, settings, monkeypatch, point
):
    version = trained("learned-1", every_state["accepted"])
    before = folder(settings)

    def crash(*args, **kwargs):
        raise Crash

    with monkeypatch.context() as dying:
        dying.setattr(point, crash)
        with pytest.raises(Crash):
            withdraw(learner)
    version.refresh_from_db()
    assert consent_granted(user=learner, purpose=Purpose.TRAIN_MODEL)
    assert (version.retire_by, TrainingSample.objects.count(), folder(settings)) == (None, 4, before)
    withdraw(learner)
    version.refresh_from_db()
    assert version.retire_by is not None
    assert (TrainingSample.objects.count(), folder(settings)) == (0, [])


def test_a_crash_between_the_commit_and_the_files_leaves_files_that_the_sweeper_takes(
    every_state, learner, settings, monkeypatch
):
    from emotion.services import files_sweep

    def crash(name):
        raise Crash

    with monkeypatch.context() as dying:
        dying.setattr("mood_music.files.default_storage.delete", crash)
        with pytest.raises(Crash):
            withdraw(learner)
    assert not TrainingSample.objects.exists()
    assert folder(settings)
    with time_machine.travel(timezone.now() + datetime.timedelta(hours=2)):
        files_sweep()
    assert folder(settings) == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="restores a SQLite file")
@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_restored_backup_brings_no_face_back_and_the_versions_know_again(
    every_state, learner, settings, tmp_path, way
):
    trained("learned-1", every_state["accepted"])
    connection.ensure_connection()
    copy = sqlite3.connect(tmp_path / "backup.sqlite3")
    connection.connection.backup(copy)
    WAYS[way](learner)
    copy.backup(connection.connection)
    copy.close()
    assert (TrainingSample.objects.count(), ModelVersion.objects.get().retire_by) == (4, None)
    erasures_replay()
    assert not TrainingSample.objects.exists()
    assert ModelVersion.objects.get().retire_by is not None
    assert ManifestEntry.objects.get().withdrawn_at is not None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["read", "say", "accept", "reject", "learn", "forget", "withdraw", "consent"]),
        st.integers(0, 5),
        st.sampled_from(["happiness", "sadness", "fear"]),
    ),
    max_size=14,
)


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_any_order_of_events_files_rows_and_consents_agree(read, settings, admin_user, steps):
    """A sample has a file unless it was rejected, a live consent, and no word that its person did not say."""
    TrainingSample.objects.all().delete()
    Capture.objects.all().delete()
    for name in folder(settings):
        default_storage.delete(f"samples/{name}")
    world = SimpleNamespace(user=UserFactory(consents=ALL), runs=0, last={})
    for what, which, word in steps:
        step(world, read, admin_user, what, which, word)
        samples = list(TrainingSample.objects.all())
        assert sorted(s.image.name for s in samples if s.image) == [f"samples/{name}" for name in folder(settings)]
        assert all(bool(s.image) == (s.status != "rejected") for s in samples)
        assert not samples or consent_granted(user=world.user, purpose=Purpose.TRAIN_MODEL)
        assert all(s.label == world.last.get(s.reading_id, "") for s in samples if s.status != "rejected")
        learned = ManifestEntry.objects.exclude(withdrawn_at=None).values_list("run__version", flat=True)
        assert all(ModelVersion.objects.get(pk=pk).retire_by for pk in learned)
        assert not ManifestEntry.objects.filter(sample=None, withdrawn_at=None).exists()


def step(world, read, admin, what, which, word):
    """Take one step, where it has something to act on."""
    readings = list(EmotionReading.objects.filter(user=world.user).order_by("pk"))
    pending = list(TrainingSample.objects.filter(user=world.user, status="pending").order_by("pk"))
    taken = list(samples_for_training())
    match what:
        case "read":
            read(world.user)
        case "say" if readings:
            reading = readings[which % len(readings)]
            reading_correct(reading=reading, emotion=word)
            world.last[reading.pk] = word
        case "accept" if pending:
            sample_accept(sample=pending[which % len(pending)], actor=admin)
        case "reject" if pending:
            sample_reject(sample=pending[which % len(pending)], actor=admin)
        case "learn" if taken:
            world.runs += 1
            trained(f"version-{world.user.pk}-{world.runs}", *taken)
        case "forget" if readings:
            capture_forget(capture=readings[which % len(readings)].capture)
        case "withdraw" | "consent":
            granted = what == "consent"
            consent_record(user=world.user, purpose=Purpose.TRAIN_MODEL, granted=granted, given_through="test")


def test_deleting_again_deletes_nothing_more(every_state, learner):
    mine = TrainingSample.objects.filter(user=learner)
    assert samples_delete(samples=mine) == 4
    assert samples_delete(samples=mine) == 0
