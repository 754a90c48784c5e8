import numpy as np
import pytest

from ml.datasets import FerRows
from ml.evaluation import expected_calibration_error, measure, reliability, repeats, report, selective
from ml.types import EMOTIONS, FER_LABELS


class Fixed:
    """Predict what it was told to."""

    sure_confidence = 0.5

    def __init__(self, emotion, original):
        self.answer = np.array(emotion, float), np.array(original, float)

    def probabilities(self, faces):
        assert len(faces) == len(self.answer[0])
        return self.answer


def sure_of(numbers, classes):
    return np.eye(classes)[list(numbers)]


def test_figures_of_a_small_table_are_those_worked_out_by_hand():
    truth = np.array([0, 0, 0, 1, 1, 2])
    found = report(sure_of([0, 0, 1, 1, 0, 0], 3), truth, ("a", "b", "c"))
    assert found.n == 6
    assert found.accuracy == pytest.approx(3 / 6)
    assert found.confusion == [[2, 1, 0], [1, 1, 0], [1, 0, 0]]
    assert found.recall == {"a": pytest.approx(2 / 3), "b": pytest.approx(1 / 2), "c": 0.0}
    # F1: a 2*2/(3+4), b 2*1/(2+2), c 0
    assert found.macro_f1 == pytest.approx((4 / 7 + 1 / 2 + 0) / 3)
    assert found.ece == pytest.approx(0.5)


def test_a_class_without_rows_has_no_recall_and_no_share_in_macro_f1():
    found = report(sure_of([0, 0], 3), np.array([0, 0]), ("a", "b", "c"))
    assert found.recall == {"a": 1.0, "b": None, "c": None}
    assert found.macro_f1 == 1.0


def test_calibration_error_weighs_each_bin_by_its_rows():
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.3])
    correct = np.array([True, True, True, False, False])
    assert expected_calibration_error(confidence, correct) == pytest.approx(0.8 * 0.15 + 0.2 * 0.3)
    assert expected_calibration_error(np.empty(0), np.empty(0, bool)) == 0


def rows(votes, labels, images=None):
    count = len(votes)
    if images is None:
        images = np.random.default_rng(5).integers(0, 256, (count, 48, 48)).astype(np.uint8)
    return FerRows(images, np.array(votes, np.float32), np.array(labels, np.int64))


def votes_for(column, count=8):
    return [count if c == column else 0 for c in range(10)]


def test_each_protocol_counts_the_rows_that_it_says():
    table = rows(
        [votes_for(0), votes_for(7), [5, 5, *[0] * 8], votes_for(8), votes_for(9), votes_for(3)], [6, 0, 6, 3, 3, 4]
    )
    fixed = Fixed(sure_of([0, 7, 0, 0, 0, 3], 8) * 0.9 + 0.0125, sure_of([6, 0, 6, 3, 3, 3], 7))
    reports = measure(fixed, table).reports
    assert {name: part.n for name, part in reports.items()} == {"FER+8": 3, "FER+7": 2, "FER2013-7": 6}
    assert reports["FER+8"].accuracy == 1
    assert reports["FER+8"].classes == [str(e) for e in EMOTIONS]
    assert reports["FER+7"].classes == [str(e) for e in EMOTIONS[:7]]
    assert reports["FER2013-7"].classes == [str(label) for label in FER_LABELS]
    assert reports["FER2013-7"].accuracy == pytest.approx(5 / 6)


def test_fer_plus_7_is_read_without_contempt_and_its_shares_are_scaled_anew():
    scores = [[0.3, 0, 0, 0, 0, 0, 0, 0.7]]
    reports = measure(Fixed(scores, sure_of([0], 7)), rows([votes_for(0)], [0])).reports
    assert reports["FER+8"].accuracy == 0
    assert reports["FER+7"].accuracy == 1
    assert reports["FER+7"].ece == pytest.approx(0)


def test_rows_that_training_repeats_are_counted_and_left_out_of_the_second_figures():
    table = rows([votes_for(0), votes_for(1)], [6, 3])
    brighter = np.clip(table.images[:1].astype(int) // 2 + 60, 0, 255).astype(np.uint8)
    repeated = repeats(table.images, brighter)
    assert repeated.tolist() == [True, False]
    found = measure(Fixed(sure_of([0, 0], 8), sure_of([6, 6], 7)), table, repeated)
    assert (found.rows, found.near_duplicates) == (2, 1)
    assert found.reports["FER+8"].accuracy == 0.5
    assert found.unseen is not None
    assert (found.unseen["FER+8"].n, found.unseen["FER+8"].accuracy) == (1, 0)


def test_no_rows_are_an_error():
    with pytest.raises(ValueError, match="no rows"):
        measure(Fixed(np.empty((0, 8)), np.empty((0, 7))), rows(np.empty((0, 10)), []))


def test_the_rule_for_not_sure_is_measured_by_coverage_and_accuracy():
    scores = np.array([[0.9, 0.05, 0.05], [0.8, 0.15, 0.05], [0.1, 0.2, 0.7], [0.45, 0.4, 0.15], [0.3, 0.3, 0.4]])
    found = selective(scores, np.array([0, 1, 2, 1, 2]), 0.7)
    assert (found.n, found.confidence) == (5, 0.7)
    assert found.coverage == pytest.approx(3 / 5)
    assert found.accuracy_when_sure == pytest.approx(2 / 3)
    assert found.accuracy_at_80 == pytest.approx(2 / 4)
    assert found.top2_when_not_sure == 1.0
    assert selective(scores, np.zeros(5, int), 0.95).accuracy_when_sure is None
    assert selective(scores, np.zeros(5, int), 0.1).top2_when_not_sure is None
    with pytest.raises(ValueError, match="no rows"):
        selective(np.empty((0, 3)), np.empty(0, int), 0.5)


def test_reliability_tells_of_each_bin_that_has_rows():
    confidence, correct = np.array([0.9, 0.92, 0.3]), np.array([True, False, True])
    assert reliability(confidence, correct) == [(1, 0.3, 1.0), (2, pytest.approx(0.91), 0.5)]
