"""One run at a time, one worker a run, a list that does not change, and nobody on it who took her word back."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from emotion.models import ManifestEntry, TrainingRun
from emotion.samples.services import samples_delete
from emotion.training import services
from emotion.training.manifest import SampleWithdrawn, manifest_freeze, manifest_read, run_folder
from emotion.training.options import RunOptions
from mood_music.errors import UserError
from privacy.models import AuditEvent, PrivacyPreference
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.training.conftest import person, samples_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(trainer_user, active, teacher):
    return services.training_run_create(actor=trainer_user, kind="fine_tune")


@pytest.fixture
def claimed(run):
    return services.run_claim(run_id=run.pk)


def refused(**wish):
    with pytest.raises(UserError) as refusal:
        services.training_run_create(**wish)
    return refusal.value.message_id


def test_a_run_has_the_defaults_of_its_kind_and_is_audited(run, active, trainer_user):
    assert run.options == {"epochs": 8, "peak_rate": 2.5e-4, "base_share": 0.5, "seed": 7}
    assert (run.status, run.start_version, run.started_by) == ("queued", active.version, trainer_user)
    assert AuditEvent.objects.filter(kind="training_started").get().detail["run"] == str(run.public_id)


def test_one_run_is_open_at_a_time(run, trainer_user):
    assert refused(actor=trainer_user, kind="fine_tune") == "training_open"
    with pytest.raises(IntegrityError), transaction.atomic():
        TrainingRun.objects.create(kind="full", options={})
    assert AuditEvent.objects.filter(kind="training_started").count() == 1
    services.run_cancel(run=run, actor=trainer_user)
    assert services.training_run_create(actor=trainer_user, kind="fine_tune").is_open


def test_only_those_with_the_permission_start_and_cancel(run, amy, trainer_user):
    with pytest.raises(UserError, match="training_not_allowed"):
        services.run_cancel(run=run, actor=amy)
    services.run_cancel(run=run, actor=trainer_user)
    assert refused(actor=amy, kind="fine_tune") == "training_not_allowed"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("fine_tune", {"epochs": 0}),
        ("fine_tune", {"epochs": 51}),
        ("fine_tune", {"peak_rate": 0.1}),
        ("fine_tune", {"peak_rate": float("nan")}),
        ("fine_tune", {"base_share": 0.95}),
        ("fine_tune", {"seed": -1}),
        ("fine_tune", {"seed": "many"}),
        ("fine_tune", {"other": 1}),
        ("other", {}),
    ],
)
def test_choices_out_of_bounds_are_refused(kind, options):
    with pytest.raises(UserError, match="training_options"):
        RunOptions.of(kind, options)


def test_what_a_run_needs_is_asked_before_it_is_queued(trainer_user, db, settings, tmp_path, request):
    assert refused(actor=trainer_user, kind="full") == "training_no_base_data"
    assert refused(actor=trainer_user, kind="fine_tune") == "training_no_start"
    request.getfixturevalue("active")
    user = person()
    samples_of(user, 19)
    samples_of(person(held_out=True), 5)
    assert refused(actor=trainer_user, kind="fine_tune") == "training_few_samples"
    samples_of(user, 1, first=19)
    assert services.training_run_create(actor=trainer_user, kind="fine_tune").pk


def test_one_worker_gets_a_run(run):
    assert services.run_claim(run_id=run.pk)
    assert services.run_claim(run_id=run.pk) is None


def test_a_worker_that_lost_its_claim_changes_nothing(run, claimed):
    TrainingRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    services.training_sweep()
    again = services.run_claim(run_id=run.pk)
    for change in (services.run_done, services.run_cancelled, services.run_restart, services.lease_renew):
        assert not change(run=claimed)
    assert services.lease_renew(run=again)


def test_a_run_whose_worker_dies_three_times_without_getting_on_is_given_up(run):
    for _ in range(3):
        assert services.run_claim(run_id=run.pk)
        TrainingRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        services.training_sweep()
    run.refresh_from_db()
    assert (run.status, run.is_open) == ("failed", False)
    assert "three times" in run.error
    assert services.run_claim(run_id=run.pk) is None


def test_a_lease_that_is_renewed_is_left_alone(claimed):
    services.training_sweep()
    claimed.refresh_from_db()
    assert claimed.status == "running"


def test_a_run_that_waits_is_cancelled_at_once_and_one_that_trains_is_asked(run, trainer_user):
    claimed = services.run_claim(run_id=run.pk)
    services.run_cancel(run=run, actor=trainer_user)
    claimed.refresh_from_db()
    assert (claimed.status, claimed.cancel_requested_at is None) == ("running", False)
    with pytest.raises(UserError, match="training_over"):
        services.run_cancel(run=run, actor=trainer_user)
    TrainingRun.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    services.training_sweep()
    claimed.refresh_from_db()
    assert claimed.status == "cancelled"
    waiting = services.training_run_create(actor=trainer_user, kind="fine_tune")
    services.run_cancel(run=waiting, actor=trainer_user)
    waiting.refresh_from_db()
    assert waiting.status == "cancelled"


def test_a_list_names_samples_consents_and_digests_and_is_frozen(claimed, teacher):
    samples_of(person(held_out=True), 2)
    manifest_freeze(run=claimed)
    before = claimed.manifest_sha256
    samples_of(teacher, 2, first=30)
    manifest_freeze(run=claimed)
    assert (claimed.manifest_sha256, claimed.manifest.count()) == (before, 26)
    assert claimed.manifest.filter(held_out=True).count() == 2
    document = json.loads((run_folder(claimed) / "manifest.json").read_text())
    entry = claimed.manifest.first()
    assert document["frozen_sha256"] == before
    assert document["samples"][0] == {
        "sample": entry.sample_id,
        "consent": entry.sample.consent_id,
        "sha256": entry.sample.sha256,
        "label": entry.sample.label,
        "held_out": False,
    }
    assert len(manifest_read(run=claimed)) == 26


@pytest.mark.parametrize("change", [{"label": "fear"}, {"sha256": "0" * 64}, {"held_out": True}])
def test_a_list_that_was_changed_is_not_learned_from(claimed, change):
    manifest_freeze(run=claimed)
    assert manifest_read(run=claimed)
    ManifestEntry.objects.filter(pk=claimed.manifest.first().pk).update(**change)
    with pytest.raises(ValueError, match="changed after it was frozen"):
        manifest_read(run=claimed)


def test_a_withdrawn_sample_is_named_nowhere_any_more(claimed, teacher, django_capture_on_commit_callbacks):
    manifest_freeze(run=claimed)
    gone = teacher.training_samples.first()
    with django_capture_on_commit_callbacks(execute=True):
        samples_delete(samples=teacher.training_samples.filter(pk=gone.pk))
    document = json.loads((run_folder(claimed) / "manifest.json").read_text())
    assert document["withdrawn"] == 1
    assert gone.sha256 not in json.dumps(document)
    assert gone.pk not in [line["sample"] for line in document["samples"]]
    with pytest.raises(SampleWithdrawn):
        manifest_read(run=claimed)


def test_a_consent_that_ends_otherwise_counts_as_withdrawn(claimed, teacher):
    manifest_freeze(run=claimed)
    PrivacyPreference.objects.update_or_create(user=teacher, defaults={"limit_sensitive": True})
    with pytest.raises(SampleWithdrawn):
        manifest_read(run=claimed)


def test_what_is_only_held_out_may_go_without_a_new_start(claimed):
    measured = person(held_out=True)
    samples_of(measured, 2)
    manifest_freeze(run=claimed)
    samples_delete(samples=measured.training_samples.all())
    assert len(manifest_read(run=claimed)) == 24


def test_a_run_that_starts_again_has_a_new_list(claimed, teacher):
    manifest_freeze(run=claimed)
    before = claimed.manifest_sha256
    consent_record(user=teacher, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test")
    samples_of(person(), 3)
    assert services.run_restart(run=claimed)
    again = services.run_claim(run_id=claimed.pk)
    assert again.manifest_sha256 == ""
    manifest_freeze(run=again)
    assert (again.manifest_sha256 != before, again.manifest.count()) == (True, 3)
    assert "starts again" in again.log


def test_the_calendar_starts_a_run_only_when_there_is_something_new(settings, active, teacher, trainer_user):
    settings.TRAINING_SCHEDULE_MIN_SAMPLES = 24
    assert services.training_scheduled_start() is None
    settings.TRAINING_SCHEDULE_DAYS = 7
    run = services.training_scheduled_start()
    assert (run.kind, run.started_by) == ("fine_tune", None)
    assert services.training_scheduled_start() is None
    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    services.run_done(run=claimed)
    TrainingRun.objects.update(created_at=timezone.now() - timedelta(days=8))
    assert services.training_scheduled_start() is None
    samples_of(person(), 23)
    assert services.training_scheduled_start() is None
    samples_of(person(), 1)
    assert services.training_scheduled_start() is not None
