import numpy as np
import pytest

from ml import groups
from ml.datasets import FerRows
from ml.errors import DatasetError


def write(path, text):
    path.write_text(text)
    return path


def test_wilsons_interval_is_the_published_one():
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I: 81/263, 15/148, 0/20, 1/29.
    for hits, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)):
        assert groups.wilson(hits, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    with pytest.raises(ValueError, match="nothing"):
        groups.wilson(0, 0)


def test_rows_that_the_file_does_not_name_have_no_group(tmp_path):
    path = write(tmp_path / "groups.csv", "row,group\n2,older\n0, younger \n")
    assert groups.load(path, 4) == ["younger", "", "older", ""]


@pytest.mark.parametrize(
    "text",
    ["row,team\n0,a\n", "row,group\n4,a\n", "row,group\n-1,a\n", "row,group\n0,a\n0,b\n", "row,group\n0,\n",
     "row,group\nx,a\n", "row,group\n0\n", "row,group\n", ""],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(tmp_path, text):
    with pytest.raises(DatasetError):
        groups.load(write(tmp_path / "groups.csv", text), 4)


def test_a_missing_file_is_a_clear_error(tmp_path):
    with pytest.raises(DatasetError, match="cannot read"):
        groups.load(tmp_path / "none.csv", 4)


class Told:
    sure_confidence = 0.5

    def __init__(self, classes):
        self.classes = classes

    def probabilities(self, faces):
        emotion = np.full((len(faces), 8), 0.02)
        emotion[np.arange(len(faces)), self.classes] = 0.86
        return emotion, np.eye(7)[np.zeros(len(faces), int)]


def test_each_group_has_its_own_figures_and_intervals():
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1, 2])
    votes = np.zeros((9, 10), np.float32)
    votes[np.arange(9), truth] = 8
    rows = FerRows(np.zeros((9, 48, 48), np.uint8), votes, np.zeros(9, np.int64))
    said = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0])
    found = groups.measure(Told(said), rows, ["a", "b"] * 4 + [""])
    assert set(found) == {"FER+8", "FER+7", "FER2013-7"}
    first, second = found["FER+8"]
    assert (first["group"], first["n"], first["accuracy"]["value"]) == ("a", 4, 1.0)
    assert (second["group"], second["n"], second["accuracy"]["value"]) == ("b", 4, 0.75)
    assert (second["accuracy"]["low"], second["accuracy"]["high"]) == groups.wilson(3, 4)
    assert set(second["recall"]) == {"neutral", "happiness"}
    for figure in ("macro_f1", "ece"):
        assert second[figure]["low"] <= second[figure]["value"] <= second[figure]["high"]
        assert second[figure]["low"] < second[figure]["high"]
    assert found == groups.measure(Told(said), rows, ["a", "b"] * 4 + [""])
