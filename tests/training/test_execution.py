"""A run on real parts in this process: a small network, some real files, the real trainer."""

import json

import numpy as np
import pytest

from emotion.models import ModelVersion, TrainingRun
from emotion.samples.services import samples_delete
from emotion.training import services
from emotion.training.execution import Reporter, _material, _samples
from emotion.training.manifest import manifest_freeze, run_folder
from emotion.training.options import RunOptions
from emotion.training.tasks import training_run_execute
from ml.training import TrainingConfig
from tests.training.conftest import face, person, samples_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.model]


@pytest.fixture
def run(trainer_user, active, teacher):
    return services.training_run_create(actor=trainer_user, kind="fine_tune", options={"epochs": 2})


@pytest.fixture
def steps(monkeypatch):
    """Let a test act after a step, before it is asked whether to stop; return the steps that were made."""
    made, actions, real = [], {}, Reporter.progress

    def progress(self, now):
        made.append((now.epoch, now.step))
        self._written = 0.0
        actions.get(len(made), lambda: None)()
        real(self, now)

    monkeypatch.setattr(Reporter, "progress", progress)
    return made, actions


def test_a_run_ends_in_a_measured_candidate_and_says_what_it_did(run, active):
    samples_of(person(held_out=True), 20)
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error, run.claim_token) == ("done", "", None)
    version = ModelVersion.objects.get(run=run)
    assert (version.status, version.origin, version.retire_by) == ("candidate", "trained", None)
    assert version.version != active.version
    assert version.evaluation["compared_with"] == active.version
    assert version.evaluation["sets"]["site"]["rows"] == 20
    assert [row["epoch"] for row in run.history] == [1, 2]
    assert (run.epoch, run.epochs, run.step) == (2, 2, run.steps)
    assert "Epoch 2" in run.log
    assert sorted(path.name for path in run_folder(run).iterdir()) == ["log.csv", "manifest.json"]


def test_a_run_stops_at_the_batch_after_it_is_cancelled(run, trainer_user, steps):
    made, actions = steps
    actions[2] = lambda: services.run_cancel(run=run, actor=trainer_user)
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert len(made) == 2
    assert not ModelVersion.objects.filter(run=run).exists()
    assert not (run_folder(run) / "checkpoints").exists()


def test_a_sample_withdrawn_while_training_is_in_no_candidate(run, teacher, steps, monkeypatch):
    made, actions = steps
    gone = teacher.training_samples.first()
    actions[2] = lambda: samples_delete(samples=teacher.training_samples.filter(pk=gone.pk))
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert (run.status, len(made), run.manifest.count()) == ("queued", 2, 0)
    learned = []
    real = _samples
    monkeypatch.setattr("emotion.training.execution._samples", lambda run: learned.append(real(run)) or learned[-1])
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == "done"
    assert ModelVersion.objects.get(run=run).retire_by is None
    assert run.manifest.count() == 23
    first = face(teacher.pk * 1000)
    assert not (learned[0].images == first).all(axis=(1, 2)).any()


def test_a_sample_withdrawn_after_the_last_batch_is_in_no_candidate_either(run, teacher, active, tmp_path):
    from emotion.versions.selectors import version_folder

    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    samples_delete(samples=teacher.training_samples.filter(pk=teacher.training_samples.first().pk))
    assert services.run_candidate(run=claimed, folder=version_folder(active)) is None
    assert not ModelVersion.objects.filter(run=run).exists()


def test_held_out_people_and_those_who_validate_are_never_trained_on(run, settings):
    settings.TRAINING_BASE_DATA = ""
    held_out, validating = person(held_out=True), person(validating=True)
    samples_of(held_out, 3)
    samples_of(validating, 3)
    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    made = _material(claimed, RunOptions.of("fine_tune"), TrainingConfig())
    assert (len(made.train), len(made.validation)) == (24, 3)
    for user in (held_out, validating):
        for number in range(3):
            pixels = face(user.pk * 1000 + number)
            assert not (made.train.images == pixels).all(axis=(1, 2)).any()
    assert (made.validation.images == face(validating.pk * 1000)).all(axis=(1, 2)).any()


def test_a_picture_that_is_not_the_one_that_was_frozen_ends_the_attempt(run, teacher):
    sample = teacher.training_samples.first()
    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    from PIL import Image

    Image.fromarray(np.zeros((48, 48), np.uint8)).save(sample.image.path, "PNG")
    with pytest.raises(ValueError, match=f"sample {sample.pk} is not the one"):
        _samples(claimed)


def test_a_version_that_cannot_be_started_from_ends_the_run_with_a_word(run, active):
    from emotion.versions.selectors import version_folder

    (version_folder(active) / "card.json").write_text("{}")
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert "differs from its SHA-256" in run.error


def test_a_run_whose_candidate_was_made_before_its_worker_died_is_only_measured(run, active, tmp_path, start_artifact):
    from ml import artifacts

    folder = tmp_path / "made"
    artifacts.copy(start_artifact, folder)
    artifacts.amend(folder, {"name": "other-face"})
    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    version = services.run_candidate(run=claimed, folder=folder)
    TrainingRun.objects.update(status="queued", claim_token=None)
    training_run_execute(run.pk)
    run.refresh_from_db()
    assert (run.status, run.history) == ("done", [])
    version.refresh_from_db()
    assert version.evaluation["compared_with"] == active.version
    assert json.loads((run_folder(run) / "manifest.json").read_text())["withdrawn"] == 0
