import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from ml.architecture import ArchitectureConfig
from ml.errors import ArtifactError, DatasetError, TrainingCancelled
from ml.training import Trainer, TrainingConfig, epoch_rows, learning_rate, measure_again

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


def flat(value, path=""):
    """Return the numbers of a card by their place; of what is not a number, whether it is there."""
    if isinstance(value, (dict, list)):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {place: part for key, inner in parts for place, part in flat(inner, f"{path}/{key}").items()}
    if isinstance(value, (int, float)):
        return {path: value}
    return {f"{path}={value}": 1}


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
    assert 0 < card["sure"]["confidence"] < 1
    assert card["sure"]["measured"]["PublicTest"]["n"] == 24
    assert card["sure"]["temperature_rows"] + card["sure"]["confidence_rows"] == card["data"]["validation"]
    assert (card["robustness"]["usage"], card["robustness"]["n"]) == ("PublicTest", 24)
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


def test_an_artifact_is_measured_again_as_it_was_at_the_end_of_its_training(finished, tiny_data, tmp_path):
    from ml import artifacts

    folder = tmp_path / "artifact"
    artifacts.copy(finished[1].folder, folder)
    whole = artifacts.check(folder)
    artifacts.amend(folder, {"temperatures": {"emotion": 9.0, "original": 9.0}, "robustness": {}})
    again = measure_again(folder, tiny_data)
    assert again.version == whole.version
    assert flat(again.card) == pytest.approx(flat(whole.card), abs=1e-5)


def test_an_artifact_is_not_measured_on_data_that_it_was_not_trained_on(finished, tmp_path):
    from tests.ml.conftest import write_data

    with pytest.raises(ArtifactError, match="trained on other rows"):
        measure_again(finished[1].folder, write_data(tmp_path / "other", training=160, seed=9))


def test_a_run_folder_is_not_overwritten_without_being_asked(finished, tiny_data):
    with pytest.raises(DatasetError, match="add --resume"):
        Trainer(tiny_data, finished[0], TINY)


def test_a_run_does_not_go_on_with_other_data_or_another_configuration(finished, tiny_data, tmp_path):
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


@pytest.fixture
def smooth_faces():
    """Return four pictures of large even patches, uint8 (4, 48, 48, 1), none of them dark."""
    rng = np.random.default_rng(0)
    return np.kron(rng.integers(120, 256, (4, 8, 8)), np.ones((1, 6, 6))).astype(np.uint8)[..., None]


def varied(faces, size=48, **chances):
    import tensorflow as tf

    from ml.augmentation import AugmentationConfig, augment

    config = AugmentationConfig(*[0.0] * 10, **chances)
    return augment(tf.constant(faces), size, tf.constant([1, 2], tf.int32), config).numpy()


@pytest.mark.parametrize("kind", ["gauss", "coarse", "jpeg", "dim", "cover"])
@pytest.mark.parametrize("size", [30, 48])
def test_each_later_variation_changes_every_face_and_keeps_form_and_range(smooth_faces, kind, size):
    plain = varied(smooth_faces, size)
    changed = varied(smooth_faces, size, **{f"{kind}_probability": 1.0})
    assert changed.shape == (4, size, size, 1)
    assert 0 <= changed.min() <= changed.max() <= 255
    assert (np.abs(changed - plain).max(axis=(1, 2, 3)) > 4).all()


def test_blur_and_coarseness_smooth_without_moving_the_light(smooth_faces):
    plain = varied(smooth_faces)
    for kind in ("gauss", "coarse"):
        changed = varied(smooth_faces, **{f"{kind}_probability": 1.0})
        assert (changed.std(axis=(1, 2)) < plain.std(axis=(1, 2))).all()
        assert np.abs(changed.mean(axis=(1, 2)) - plain.mean(axis=(1, 2))).max() < 3


def test_dim_light_leaves_a_darker_face_and_a_cover_hides_the_eyes_or_the_mouth(smooth_faces):
    plain = varied(smooth_faces)
    assert (varied(smooth_faces, dim_probability=1.0).mean(axis=(1, 2, 3)) < 0.5 * plain.mean(axis=(1, 2, 3))).all()
    covered = varied(smooth_faces, cover_probability=1.0)
    rows = np.abs(covered - plain).max(axis=(2, 3)) > 0.01
    assert (rows[:, 18:20].all(axis=1) | rows[:, 36:39].all(axis=1)).all()
    assert not rows[:, :8].any()


def test_our_jpeg_rounds_as_an_encoder_does(smooth_faces):
    import io

    import tensorflow as tf
    from PIL import Image

    from ml.augmentation import _jpeg

    noise = np.random.default_rng(1).normal(0, 12, smooth_faces.shape)
    faces = np.clip(smooth_faces + noise, 0, 255).round().astype(np.uint8)[..., 0]
    ours = _jpeg(tf.constant(faces, tf.float32), 48, tf.constant(30.0)).numpy()
    for face, mine in zip(faces, ours, strict=True):
        file = io.BytesIO()
        Image.fromarray(face).save(file, "JPEG", quality=30)
        encoded = np.asarray(Image.open(file), float)
        assert np.abs(encoded - np.clip(mine, 0, 255)).mean() < 0.3 * np.abs(encoded - face).mean()


def test_a_run_that_began_before_a_setting_existed_goes_on_under_its_default(finished, tiny_data, tmp_path):
    import shutil

    from ml.augmentation import PRESETS

    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    facts = json.loads((run / "run.json").read_text())
    del facts["config"]["start"]
    for name in [name for name in facts["config"]["augmentation"] if name.startswith(("gauss", "dim", "jpeg"))]:
        del facts["config"]["augmentation"][name]
    (run / "run.json").write_text(json.dumps(facts))
    Trainer(tiny_data, run, TINY, resume=True)
    for other in (replace(TINY, augmentation=PRESETS["strong"]), replace(TINY, peak_learning_rate=1e-3)):
        with pytest.raises(DatasetError, match="another configuration"):
            Trainer(tiny_data, run, other, resume=True)


def test_a_run_starts_from_the_weights_of_an_artifact_and_says_so(finished, tiny_data, tmp_path):
    from ml import artifacts

    source, trained = artifacts.load(finished[1].folder)
    trainer = Trainer(tiny_data, tmp_path / "run", TINY, start=source.folder)
    for network in (trainer.model, trainer.average):
        for ours, theirs in zip(network.get_weights(), trained.get_weights(), strict=True):
            assert (ours == theirs).all()
    assert trainer.fit(bar=False).card["config"]["start"] == source.version
    assert json.loads((tmp_path / "run/run.json").read_text())["config"]["start"] == source.version
    with pytest.raises(DatasetError, match="another configuration"):
        Trainer(tiny_data, tmp_path / "run", TINY, resume=True)
    Trainer(tiny_data, tmp_path / "run", TINY, resume=True, start=source.folder)


def test_a_deeper_network_begins_where_the_one_it_grows_from_ended(finished, tiny_data, tmp_path):
    from ml import artifacts

    source, trained = artifacts.load(finished[1].folder)
    deeper = replace(TINY, architecture=ArchitectureConfig(widths=(4, 8), blocks=(2, 3)))
    trainer = Trainer(tiny_data, tmp_path / "run", deeper, start=source.folder)
    faces = np.random.default_rng(3).integers(0, 256, (5, 48, 48, 1)).astype(np.float32)
    for network in (trainer.model, trainer.average):
        assert network.count_params() > trained.count_params()
        for head, logits in network(faces, training=False).items():
            assert np.allclose(logits, trained(faces, training=False)[head], atol=1e-4)
    before = trainer.model.get_layer("stage1_block2_1_conv").get_weights()[0]
    grown = trainer.fit(bar=False)
    assert grown.card["config"]["architecture"]["blocks"] == [2, 3]
    assert np.abs(trainer.model.get_layer("stage1_block2_2_bn").gamma).max() > 0
    assert not np.array_equal(before, trainer.model.get_layer("stage1_block2_1_conv").get_weights()[0])
    with pytest.raises(ArtifactError, match="layers that this one lacks: stage0_block1"):
        Trainer(tiny_data, tmp_path / "back", TINY, start=grown.folder)


def test_a_run_does_not_start_from_a_network_that_saw_its_validation_rows(finished, tiny_artifact, tiny_data, tmp_path):
    for source, config in ((finished[1].folder, replace(TINY, seed=8)), (tiny_artifact, TINY)):
        with pytest.raises(ArtifactError, match="its validation rows differ"):
            Trainer(tiny_data, tmp_path / "run", config, start=source)
    assert not (tmp_path / "run").exists()


def test_a_run_does_not_start_from_a_network_of_another_form(finished, tiny_data, tmp_path):
    wider = replace(TINY, architecture=ArchitectureConfig(widths=(8, 16), blocks=(1, 1)))
    with pytest.raises(ArtifactError, match="another form"):
        Trainer(tiny_data, tmp_path / "run", wider, start=finished[1].folder)
    assert not (tmp_path / "run").exists()


def test_an_epoch_holds_no_copy_of_the_pictures(finished, tiny_data):
    trainer = Trainer(tiny_data, finished[0], TINY, resume=True)
    for epoch in (0, 1):
        batches, _ = trainer._batches(epoch)
        (captured,) = (
            part for part in batches._input_dataset._input_dataset._map_func.function.captured_inputs
            if part.dtype == "uint8"
        )  # fmt: skip
        assert captured is trainer._pixels


def samples_of(count, seed=5, held_out=2, validating=2):
    from ml.material import Samples

    rng = np.random.default_rng(seed)
    places = np.arange(count)
    return Samples(
        rng.integers(0, 256, (count, 48, 48)).astype(np.uint8), places % 8,
        validating=(places >= held_out) & (places < held_out + validating), held_out=places < held_out, digest="a" * 64,
    )  # fmt: skip


SMALL = TrainingConfig(
    name="tiny-face",
    seed=3,
    schedule=((48, 2),),
    batch_size=8,
    split_seed=TINY.seed,
    validation_fraction=TINY.validation_fraction,
    architecture=TINY.architecture,
)


def test_samples_alone_are_learned_without_moving_what_the_start_has_measured(finished, tmp_path):
    from ml import artifacts
    from ml.material import mixed

    start, known = artifacts.load(finished[1].folder)
    config = replace(SMALL, distillation=0.5, freeze_normalisation=True)
    learned = Trainer(mixed(samples_of(24), None), tmp_path / "run", config, start=start.folder, command="here").fit(
        bar=False
    )
    _, network = artifacts.load(learned.folder)
    for ours, theirs in zip(network.layers, known.layers, strict=True):
        same = all((a == b).all() for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True))
        assert same or not ours.name.endswith("_bn"), ours.name
    assert not (network.get_layer("emotion").get_weights()[0] == known.get_layer("emotion").get_weights()[0]).all()
    assert learned.card["temperatures"] == start.card["temperatures"]
    assert learned.card["sure"]["confidence"] == start.card["sure"]["confidence"]
    assert learned.card["command"] == "here"
    assert learned.card["data"]["training_sha256"] == start.card["data"]["training_sha256"]
    assert learned.card["data"]["site_trained_on"] == 20
    assert learned.card["history"][0]["validation_fer2013_7"] == "nan"


def test_distillation_keeps_a_network_closer_to_what_it_said(finished, tmp_path):
    from ml import artifacts
    from ml.material import mixed

    faces = np.random.default_rng(0).integers(0, 256, (16, 48, 48, 1)).astype(np.float32)
    _, known = artifacts.load(finished[1].folder)
    moved = []
    for name, weight in (("free", 0.0), ("held", 20.0)):
        config = replace(SMALL, schedule=((48, 6),), freeze_normalisation=True, distillation=weight)
        trainer = Trainer(mixed(samples_of(40), None), tmp_path / name, config, start=finished[1].folder)
        trainer.fit(bar=False)
        moved.append(np.abs(trainer.model(faces)["emotion"] - known(faces)["emotion"]).mean())
    assert moved[1] < moved[0]


def test_samples_among_base_rows_validate_on_both_and_can_be_measured_again(finished, tiny_data, tmp_path):
    from ml import material
    from ml.material import mixed

    rows = material.base(tiny_data, **SMALL.division)
    artifact = Trainer(mixed(samples_of(24), rows, 0.5), tmp_path / "run", SMALL, start=finished[1].folder).fit(
        bar=False
    )
    assert artifact.card["data"]["training_sha256"] == rows.base_digest
    assert artifact.card["evaluation"]["PublicTest"]["FER2013-7"]["n"] == 24
    assert measure_again(artifact.folder, tiny_data).version == artifact.version


def test_a_run_on_samples_does_not_go_on_with_other_samples(finished, tmp_path):
    from ml.material import mixed

    start = finished[1].folder
    Trainer(mixed(samples_of(24), None), tmp_path / "run", SMALL, start=start)
    Trainer(mixed(samples_of(24), None), tmp_path / "run", SMALL, start=start, resume=True)
    other = mixed(replace(samples_of(24), digest="b" * 64), None)
    with pytest.raises(DatasetError, match="other data"):
        Trainer(other, tmp_path / "run", SMALL, start=start, resume=True)


def test_rows_without_an_original_label_do_not_move_that_head(finished, tmp_path):
    import tensorflow as tf

    from ml.material import mixed

    trainer = Trainer(mixed(samples_of(24), None), tmp_path / "run", SMALL, start=finished[1].folder)
    with tf.GradientTape() as tape:
        logits = trainer.model(tf.cast(trainer._pixels[:8], tf.float32), training=False)
        loss = trainer._loss(logits, tf.range(8))
    gradient = tape.gradient(loss, trainer.model.get_layer("original").kernel)
    assert np.abs(gradient).max() == 0


def test_an_epoch_that_was_logged_without_its_checkpoint_is_logged_once(finished, tiny_data, tmp_path):
    import shutil

    run = tmp_path / "run"
    shutil.copytree(finished[0], run)
    with (run / "log.csv").open("a") as log:
        log.write("3,24,1.0,0.5,0.5,1.0\n")
    Trainer(tiny_data, run, TINY, resume=True)
    assert epochs_in(run) == [("1", "24"), ("2", "24")]
