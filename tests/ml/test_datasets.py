import gzip

import numpy as np
import pytest

from ml import datasets
from ml.errors import DatasetError
from tests.ml.conftest import write_data


def test_both_files_are_read_row_for_row(tiny_data):
    training, test = datasets.load(tiny_data, "Training"), datasets.load(tiny_data, "PublicTest")
    assert (len(training), len(test)) == (160, 24)
    assert (training.images.shape, training.images.dtype) == ((160, 48, 48), np.uint8)
    assert training.labels.tolist() == [row % 7 for row in range(160)]
    assert test.votes.argmax(axis=1).tolist() == [row % 8 for row in range(160, 184)]


def test_a_gzipped_file_reads_the_same(tiny_data, tmp_path):
    (tmp_path / "fer2013.csv.gz").write_bytes(gzip.compress((tiny_data / "fer2013.csv").read_bytes()))
    (tmp_path / "fer2013new.csv").write_bytes((tiny_data / "fer2013new.csv").read_bytes())
    assert datasets.digest(datasets.load(tmp_path, "Training")) == datasets.digest(datasets.load(tiny_data, "Training"))


def test_a_usage_without_rows_is_empty(tiny_data):
    assert len(datasets.load(tiny_data, "PrivateTest")) == 0


def test_the_digest_sees_one_changed_pixel_vote_or_label(tiny_data):
    rows = datasets.load(tiny_data, "Training")
    for field in ("images", "votes", "labels"):
        changed = rows.take(np.arange(len(rows)))
        getattr(changed, field).flat[0] += 1
        assert datasets.digest(changed) != datasets.digest(rows)


def damaged(tmp_path, file, old, new):
    folder = write_data(tmp_path / "data", training=4)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("fer2013.csv", "pixels", "points", "lacks the columns pixels"),
        ("fer2013new.csv", "contempt", "scorn", "lacks the columns contempt"),
        ("fer2013.csv", "\n0,", "\n9,", "line 2: emotion is not one of"),
        ("fer2013.csv", "\n0,", "\n0,999 ", "line 2: pixels are not 48x48"),
        ("fer2013.csv", "Training", "PublicTest", "line 2: .* not the same picture"),
        ("fer2013new.csv", ",8,", ",eight,", "cannot read"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(tmp_path, file, old, new, words):
    with pytest.raises(DatasetError, match=words):
        datasets.load(damaged(tmp_path, file, old, new), "Training")


def test_files_of_different_length_are_refused(tmp_path):
    folder = write_data(tmp_path / "data", training=4)
    lines = (folder / "fer2013new.csv").read_text().splitlines()
    (folder / "fer2013new.csv").write_text("\n".join(lines[:-1]))
    with pytest.raises(DatasetError, match="cannot read"):
        datasets.load(folder, "Training")


def test_a_folder_without_the_files_and_an_unknown_usage_are_refused(tmp_path, tiny_data):
    with pytest.raises(DatasetError, match="must hold"):
        datasets.load(tmp_path, "Training")
    with pytest.raises(DatasetError, match="unknown usage"):
        datasets.load(tiny_data, "Test")


def test_the_majority_rule_keeps_single_winners_only():
    votes = np.array(
        [[9, 1, 0, 0, 0, 0, 0, 0, 0, 0], [4, 4, 2, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 6, 4, 0],
         [2, 0, 0, 0, 0, 0, 0, 0, 8, 0]], np.float32)  # fmt: skip
    assert datasets.single_highest(votes, 8)[0].tolist() == [True, False, True, False]
    assert datasets.single_highest(votes, 7)[0].tolist() == [True, False, False, False]


def test_targets_drop_single_votes_and_rows_that_are_mostly_unknown():
    votes = np.array(
        [[6, 1, 0, 3, 0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0, 8, 0], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]], np.float32
    )
    usable, targets = datasets.vote_distribution(votes)
    assert usable.tolist() == [True, False, False]
    assert targets[0] == pytest.approx([6 / 9, 0, 0, 3 / 9, 0, 0, 0, 0])


def smooth(seed):
    coarse = np.random.default_rng(seed).integers(40, 200, (12, 12))
    return np.kron(coarse, np.ones((4, 4))).astype(np.uint8)


def test_a_picture_is_found_again_under_another_light_and_strangers_are_not():
    first = np.stack([smooth(seed) for seed in range(6)])
    second = np.stack([smooth(20), (first[4] // 2 + 70).astype(np.uint8)])
    assert datasets.near_duplicates(first, second) == [(4, 1)]


def test_validation_never_holds_the_twin_of_a_training_row():
    images = np.stack([smooth(seed) for seed in range(40)] + [smooth(seed) // 2 + 50 for seed in range(40)])
    held = datasets.split_groups(images, 0.3, seed=1)
    assert 0 < held.sum() < 80
    assert held[:40].tolist() == held[40:].tolist()
    assert held.tolist() == datasets.split_groups(images, 0.3, seed=1).tolist()
