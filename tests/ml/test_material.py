from dataclasses import replace

import numpy as np
import pytest

from ml import material
from ml.errors import DatasetError
from ml.material import Samples, mixed
from ml.training import TrainingConfig, epoch_rows


def faces(count, seed=77):
    return np.random.default_rng(seed).integers(0, 256, (count, 48, 48)).astype(np.uint8)


def samples(images, held_out=(), validating=()):
    places = np.arange(len(images))
    return Samples(images, places % 8, np.isin(places, validating), np.isin(places, held_out), "a" * 64)


def shows(rows, image):
    return (rows.images == image).all(axis=(1, 2)).any()


@pytest.fixture(scope="module")
def base(tiny_data):
    return material.base(tiny_data, seed=7, validation_fraction=0.2)


def test_what_is_held_out_or_validates_is_never_learned():
    images = faces(10)
    made = mixed(samples(images, held_out=[0, 1], validating=[1, 2, 3]), None)
    for place in range(4):
        assert not shows(made.train, images[place])
    assert len(made.train) == 6
    assert [shows(made.validation, images[place]) for place in range(4)] == [False, False, True, True]
    assert (made.validation.labels == -1).all()
    assert (made.train.labels == -1).all()


def test_a_sample_that_repeats_a_row_that_is_held_back_is_not_learned(base):
    own = faces(6)
    brighter = (own[0] * 0.8 + 20).astype(np.uint8)
    images = np.stack([*own, brighter, base.validation.images[0], base.tests[0]])
    made = mixed(samples(images, held_out=[0]), base)
    for place in (0, 6, 7, 8):
        assert not shows(made.train, images[place])
    assert all(shows(made.train, images[place]) for place in range(1, 6))
    assert made.counts["site_near_duplicates_of_rows_held_back"] == 3


def test_a_base_row_that_repeats_a_held_out_sample_is_not_learned(base):
    made = mixed(samples(np.stack([base.train.images[5], *faces(8)]), held_out=[0]), base)
    assert shows(base.train, base.train.images[5])
    assert not shows(made.train, base.train.images[5])


def test_base_rows_make_up_their_share_of_an_epoch_and_others_come_each_time(base):
    made = mixed(samples(faces(40)), base, share=0.5)
    config = TrainingConfig(rarity_threshold=1e-9)
    epochs = [epoch_rows(made.train.targets, config, epoch, made.train.weights) for epoch in range(30)]
    known = len(base.train)
    assert np.mean([(rows < known).sum() for rows in epochs]) == pytest.approx(40, rel=0.1)
    assert all((rows >= known).sum() == 40 for rows in epochs)
    assert set(epochs[0]) != set(epochs[1])


def test_a_share_shows_no_base_row_twice(base):
    made = mixed(samples(faces(40)), base, share=0.9)
    assert made.train.weights.max() == 1


def test_a_targets_mass_lies_on_the_persons_word():
    made = mixed(samples(faces(8)), None)
    assert made.train.targets.argmax(axis=1).tolist() == list(range(8))
    assert made.train.targets.sum(axis=1) == pytest.approx(np.ones(8))
    assert made.train.targets.max() == pytest.approx(0.9 + 0.1 / 8)


def test_nothing_to_learn_from_is_a_clear_error(base):
    with pytest.raises(DatasetError, match="no sample is left"):
        mixed(samples(faces(3), held_out=[0, 1, 2]), base)


def test_other_samples_make_another_digest(base):
    own = samples(faces(8))
    assert mixed(own, base).digest != mixed(replace(own, digest="b" * 64), base).digest != mixed(own, None).digest
