import numpy as np
import pytest

from ml.datasets import FerRows
from ml.robustness import CORRUPTIONS, measure

BY_NAME = {corruption.name: corruption for corruption in CORRUPTIONS}


def spoil(name, face):
    return BY_NAME[name].spoil(face, np.random.default_rng(0))


@pytest.fixture
def face():
    """Return a smooth face-like picture: dark eyes and mouth where the template has them."""
    down, across = np.mgrid[0:48, 0:48].astype(float)
    dark = sum(np.exp(-((down - y) ** 2 + (across - x) ** 2) / 18) for x, y in ((15, 19), (33, 19), (24, 37)))
    return np.clip(200 - 130 * dark, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("name", BY_NAME)
def test_each_corruption_keeps_the_form_and_changes_the_face(name, face):
    before = face.copy()
    spoiled = spoil(name, face)
    assert (spoiled.shape, spoiled.dtype) == ((48, 48), np.uint8)
    assert (face == before).all()
    if "aligned" not in name:
        assert np.abs(spoiled.astype(int) - face).max() > 3


def test_alignment_undoes_the_turn(face):
    middle = np.s_[8:40, 8:40]
    for degrees in (15, 30):
        aligned = spoil(f"turned {degrees} degrees, aligned", face).astype(int)[middle] - face[middle]
        turned = spoil(f"turned {degrees} degrees, as it lies", face).astype(int)[middle] - face[middle]
        assert np.abs(aligned).mean() < 4 < np.abs(turned).mean()


def test_a_face_is_turned_clockwise(face):
    one = np.full((48, 48), 200, np.uint8)
    one[17:21, 31:35] = 0  # the right eye sinks
    turned = spoil("turned 30 degrees, as it lies", one)
    assert np.argwhere(turned == turned.min()).mean(axis=0)[0] > 21


def test_covers_lie_on_what_they_are_called_after(face):
    for name, (row, column), free in (("eyes covered", (19, 15), (37, 24)), ("mouth covered", (37, 24), (19, 15))):
        covered = spoil(name, face)
        assert covered[row, column] == round(face.mean())
        assert covered[free] == face[free]


class ReadsTheMiddle:
    """Say happiness for a face whose middle is bright, as its label does, else neutral."""

    sure_confidence = 0.5

    def probabilities(self, faces):
        bright = faces[:, 20:28, 20:28].mean(axis=(1, 2)) > 128
        scores = np.full((len(faces), 8), 0.02)
        scores[np.arange(len(faces)), bright.astype(int)] = 0.86
        return scores, np.full((len(faces), 7), 1 / 7)


def test_the_table_says_what_each_corruption_costs():
    values = np.array([60, 140, 200, 60])
    images = np.repeat(values, 48 * 48).reshape(4, 48, 48).astype(np.uint8)
    votes = np.zeros((4, 10), np.float32)
    votes[[0, 1, 2], [0, 1, 1]] = 8
    votes[3, [0, 1]] = 4  # no single highest vote: not a row of FER+8
    table = measure(ReadsTheMiddle(), FerRows(images, votes, np.zeros(4, np.int64)))
    assert (table["n"], table["accuracy"]) == (3, 1.0)
    lines = {line["name"]: line for line in table["corruptions"]}
    assert set(lines) == set(BY_NAME)
    # 140 darkened by gamma 2.5 is 57, and 200 is 139: one face in three is misread; 60 brightened by .4 is 143.
    assert lines["darker (gamma 2.5)"]["loss"] == pytest.approx(100 / 3)
    assert lines["brighter (gamma 0.4)"]["accuracy"] == pytest.approx(2 / 3)
    assert lines["low contrast (30 %)"]["loss"] == 0
    assert table["largest_moderate_loss"] == pytest.approx(200 / 3)  # a quarter of the light


def test_no_rows_no_table():
    votes = np.zeros((1, 10), np.float32)
    votes[0, :2] = 5
    with pytest.raises(ValueError, match="no rows"):
        measure(ReadsTheMiddle(), FerRows(np.zeros((1, 48, 48), np.uint8), votes, np.zeros(1, np.int64)))
