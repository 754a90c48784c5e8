import csv
import json

import numpy as np
import pytest

from ml.architecture import ArchitectureConfig
from ml.errors import DatasetError, TrainingCancelled
from ml.training import Trainer, TrainingConfig, epoch_rows, learning_rate

TINY = TrainingConfig(
    name="tiny-face",
    schedule=((24, 2),),
    batch_size=32,
    validation_fraction=0.2,
    architecture=ArchitectureConfig(widths=(4, 8), blocks=(1, 1)),
)


def epochs_in(run):
    with (run / "log.csv").open(newline="") as file:
        return [(row["epoch"], row["size"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def finished(tiny_data, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "whole"
    return run, Trainer(tiny_data, run, TINY).fit(bar=False)


def test_a_run_ends_in_an_artifact_whose_card_tells_how_it_was_made(finished, tiny_data):
    run, artifact = finished
    card = artifact.card
    assert artifact.version.startswith("tiny-face-")
    assert card["config"]["seed"] == TINY.seed
    assert card["data"]["training_rows"] == 160
    assert card["data"]["trained_on"] + card["data"]["validation"] == 160
    assert [row["epoch"] for row in card["history"]] == ["1", "2"]
    assert card["evaluation"]["PublicTest"]["FER2013-7"]["n"] == 24
    assert card["evaluation_without_near_duplicates"]["PublicTest"]["FER2013-7"]["n"] == 24
    assert "PrivateTest" not in card["evaluation"]
    assert str(tiny_data) not in json.dumps(card)
    assert card["git_revision"] == json.loads((run / "run.json").read_text())["git_revision"]


def test_a_run_that_is_stopped_goes_on_after_its_last_whole_epoch(finished, tiny_data, tmp_path):
    run = tmp_path / "run"
    seen = []
    with pytest.raises(TrainingCancelled, match="1 epochs are kept"):
        Trainer(tiny_data, run, TINY).fit(
            progress=seen.append, cancelled=lambda: bool(seen) and seen[-1].epoch == 2, bar=False
        )
    assert epochs_in(run) == [("1", "24")]
    assert not (run / "artifact").exists()
    later = []
    artifact = Trainer(tiny_data, run, TINY, resume=True).fit(progress=later.append, bar=False)
    assert {step.epoch for step in later} == {2}
    assert epochs_in(run) == [("1", "24"), ("2", "24")]
    whole = finished[1].card["history"]
    for resumed, straight in zip(artifact.card["history"], whole, strict=True):
        assert float(resumed["loss"]) == pytest.approx(float(straight["loss"]), abs=1e-3)


def test_resuming_a_finished_run_trains_nothing_and_writes_the_artifact_again(finished, tiny_data):
    run, artifact = finished
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "git_revision": "abc123"}))
    seen = []
    again = Trainer(tiny_data, run, TINY, resume=True).fit(progress=seen.append, bar=False)
    (run / "run.json").write_text(json.dumps(facts))
    assert seen == []
    assert again.card["git_revision"] == "abc123"
    assert again.card["evaluation"] == artifact.card["evaluation"]


def test_a_run_folder_is_not_overwritten_without_being_asked(finished, tiny_data):
    with pytest.raises(DatasetError, match="add --resume"):
        Trainer(tiny_data, finished[0], TINY)


def test_a_run_does_not_go_on_with_other_data_or_another_configuration(finished, tiny_data, tmp_path):
    from dataclasses import replace

    from tests.ml.conftest import write_data

    other = write_data(tmp_path / "other", training=160, seed=9)
    for data, config in ((other, TINY), (tiny_data, replace(TINY, seed=8))):
        with pytest.raises(DatasetError, match="other data or another configuration"):
            Trainer(data, finished[0], config, resume=True)


def test_a_damaged_description_of_a_run_is_a_clear_error(tiny_data, tmp_path):
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(DatasetError, match="cannot be read"):
        Trainer(tiny_data, tmp_path, TINY, resume=True)


def test_too_little_data_is_a_clear_error(tmp_path):
    from tests.ml.conftest import write_data

    with pytest.raises(DatasetError, match="not enough"):
        Trainer(write_data(tmp_path / "data", training=20), tmp_path / "run", TINY)


def test_the_learning_rate_rises_once_and_falls_to_nothing():
    rates = [learning_rate(TINY, step, 200) for step in range(200)]
    top = int(np.argmax(rates))
    assert rates[top] == pytest.approx(TINY.peak_learning_rate)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.001 * TINY.peak_learning_rate


def test_rare_classes_are_repeated_by_the_square_root_of_their_rarity():
    targets = np.zeros((2000, 8), np.float32)
    targets[:, 0] = 1
    targets[:20] = np.eye(8)[5]
    rows = epoch_rows(targets, TINY, epoch=0)
    times = np.bincount(rows, minlength=2000)
    assert (times[20:] == 1).all()
    assert times[:20].mean() == pytest.approx((0.05 / 0.01) ** 0.5, abs=0.3)
    assert (rows == epoch_rows(targets, TINY, epoch=0)).all()
    assert (rows[:50] != epoch_rows(targets, TINY, epoch=1)[:50]).any()


def test_the_picture_grows_by_the_schedule():
    growing = TrainingConfig(schedule=((24, 2), (32, 1)))
    assert [growing.size_at(epoch) for epoch in range(growing.epochs)] == [24, 24, 32]
    with pytest.raises(ValueError, match="beyond"):
        growing.size_at(3)


def test_augmentation_repeats_itself_for_a_seed_and_keeps_the_range():
    import tensorflow as tf

    from ml.augmentation import AugmentationConfig, augment

    faces = tf.constant(np.random.default_rng(0).integers(0, 256, (6, 48, 48, 1)).astype(np.uint8))
    first, again, other = (
        augment(faces, 40, tf.constant(seed, tf.int32), AugmentationConfig()).numpy()
        for seed in ([1, 2], [1, 2], [1, 3])
    )
    assert first.shape == (6, 40, 40, 1)
    assert (first == again).all()
    assert (first != other).any()
    assert 0 <= first.min() <= first.max() <= 255


def test_without_any_variation_augmentation_changes_nothing():
    import tensorflow as tf

    from ml.augmentation import AugmentationConfig, augment

    still = AugmentationConfig(*[0.0] * 10)
    smooth = np.kron(np.random.default_rng(0).integers(0, 256, (4, 6, 6)), np.ones((1, 8, 8))).astype(np.uint8)
    faces = augment(tf.constant(smooth[..., None]), 48, tf.constant([1, 2], tf.int32), still).numpy()[..., 0]
    for face, original in zip(faces, smooth, strict=True):
        # Flipping is the one variation that has no bound.
        assert min(np.abs(face - original).max(), np.abs(face - original[:, ::-1]).max()) < 0.5
