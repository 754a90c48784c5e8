import json

import numpy as np
import pytest

from ml.comparison import LabelledSet, compare, disagreements, labelled_faces, latency
from ml.datasets import load
from ml.types import EMOTIONS


class Constant:
    """Answer every face with one emotion."""

    sure_confidence = 0.5

    def __init__(self, emotion: int) -> None:
        self.emotion, self.read = emotion, 0

    def probabilities(self, faces):
        self.read += len(faces)
        scores = np.full((len(faces), 8), 0.02)
        scores[:, self.emotion] = 1 - 0.02 * 7
        return scores, np.full((len(faces), 7), 1 / 7)


def faces(n, truth):
    return labelled_faces(np.random.default_rng(1).integers(0, 256, (n, 48, 48)).astype(np.uint8), np.array(truth))


def test_each_classifier_gets_its_figures_and_both_their_disagreements():
    rows = faces(10, [0] * 7 + [1] * 3)
    (first, second), together = compare([Constant(0), Constant(1)], {"site": rows})
    assert first["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 0.7
    assert second["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 0.3
    found = together["site"]
    assert (found["n"], found["agreed"], found["first_right"], found["second_right"]) == (10, 0, 7, 3)
    assert found["table"][0][1] == 10
    assert sum(map(sum, found["table"])) == 10
    assert json.loads(json.dumps([first, second, together]))


def test_faces_of_the_site_have_no_figures_on_labels_that_they_lack(tiny_data):
    (figures,), together = compare(
        [Constant(0)], {"PublicTest": LabelledSet(load(tiny_data, "PublicTest")), "site": faces(8, range(8))}
    )
    assert set(figures["sets"]["PublicTest"]["reports"]) == {"FER+8", "FER+7", "FER2013-7"}
    assert set(figures["sets"]["site"]["reports"]) == {"FER+8"}
    assert figures["robustness"]["usage"] == "PublicTest"
    assert together == {}


def test_repeated_rows_are_left_out_of_a_second_report():
    rows = faces(8, range(8))
    (figures,), _ = compare([Constant(0)], {"x": LabelledSet(rows.rows, repeated=np.arange(8) < 3)})
    assert figures["sets"]["x"]["near_duplicates_of_training"] == 3
    assert figures["sets"]["x"]["without_near_duplicates"]["FER+8"]["n"] == 5


def test_without_rows_there_are_no_figures_but_time_is_measured():
    documents, together = compare([Constant(0), Constant(1)], {})
    assert [document["sets"] for document in documents] == [{}, {}]
    assert all(document["latency_ms"] > 0 for document in documents)
    assert together == {}


def test_a_large_set_is_spoiled_in_part_only(monkeypatch):
    monkeypatch.setattr("ml.comparison.ROBUSTNESS_ROWS", 10)
    reader = Constant(0)
    compare([reader], {"x": faces(30, [0] * 30)})
    # As they are for the figures; ten of them clean and spoiled in sixteen ways; each of them to be timed.
    assert reader.read == 30 + 17 * 10 + 30


def test_rows_without_a_label_count_for_nobody():
    rows = faces(3, [0, 1, 2]).rows
    rows.votes[0] = 0
    first, second = np.eye(8)[[0, 1, 3]], np.eye(8)[[1, 1, 2]]
    found = disagreements(first, second, rows)
    assert (found.n, found.agreed, found.first_right, found.second_right) == (3, 1, 0, 1)


def test_classifiers_are_timed_in_turn_and_take_turns_in_going_first():
    asked = []

    class Noted(Constant):
        def probabilities(self, faces):
            asked.append(self.emotion)
            return super().probabilities(faces)

    assert len(latency([Noted(0), Noted(1)], np.zeros((8, 48, 48), np.uint8))) == 2
    assert asked == [1, 0, 0, 1] * 4


@pytest.mark.model
def test_two_real_classifiers_are_compared(tiny_artifact, tiny_data):
    from ml.classifier import Classifier

    sets = {"PublicTest": LabelledSet(load(tiny_data, "PublicTest"))}
    (first, _), together = compare([Classifier.load(tiny_artifact), Classifier.load()], sets)
    assert len(first["robustness"]["corruptions"]) == 16
    assert 0 <= together["PublicTest"]["agreed"] < 24
    assert sum(map(sum, together["PublicTest"]["table"])) == 24
    assert len(together["PublicTest"]["table"]) == len(EMOTIONS)
