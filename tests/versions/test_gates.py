import pytest

from emotion.versions.gates import gates
from tests.support.evaluations import evaluation


def failed(candidate, active):
    return [gate.name for gate in gates(candidate, active) if not gate.passed]


def test_a_version_as_good_as_the_active_one_passes():
    assert failed(evaluation(), evaluation()) == []


@pytest.mark.parametrize(
    ("at_bound", "past_bound", "name"),
    [
        ({"macro_f1": 0.69}, {"macro_f1": 0.6899}, "PublicTest: macro-F1"),
        ({"fear": 0.75}, {"fear": 0.7499}, "PublicTest: recall of fear"),
        ({"contempt": 0.75}, {"contempt": 0.0}, "PublicTest: recall of contempt"),
        ({"ece": 0.03}, {"ece": 0.0301}, "PublicTest: calibration error"),
        ({"latency_ms": 12.0}, {"latency_ms": 12.01}, "milliseconds for one face"),
    ],
)
def test_each_figure_may_fall_as_far_as_its_bound(at_bound, past_bound, name):
    assert failed(evaluation(**at_bound), evaluation()) == []
    assert failed(evaluation(**past_bound), evaluation()) == [name]


def test_better_everywhere_passes():
    better = evaluation(macro_f1=0.8, recall=0.9, ece=0.001, latency_ms=2.0)
    assert failed(better, evaluation()) == []


def test_a_class_of_few_rows_may_lose_two_of_them():
    few = {"rows": 80}  # ten a class
    assert failed(evaluation(**few, disgust=0.6), evaluation(**few)) == []
    assert failed(evaluation(**few, disgust=0.59), evaluation(**few)) == ["PublicTest: recall of disgust"]
    assert failed(evaluation(disgust=0.6), evaluation()) == ["PublicTest: recall of disgust"]


def test_every_set_that_both_were_measured_on_counts():
    both = ("PublicTest", "site")
    names = {gate.name.partition(":")[0] for gate in gates(evaluation(sets=both), evaluation(sets=both))}
    assert names == {"PublicTest", "site", "milliseconds for one face"}
    only = {gate.name.partition(":")[0] for gate in gates(evaluation(sets=both), evaluation(sets=("site",)))}
    assert only == {"site", "milliseconds for one face"}


@pytest.mark.parametrize("candidate", [{}, evaluation(sets=()), evaluation(sets=("site",))])
def test_nothing_to_compare_on_is_a_failed_gate(candidate):
    assert "measured on the same rows as the active version" in failed(candidate, evaluation())


def test_a_latency_that_nobody_measured_is_a_failed_gate():
    assert failed(evaluation(latency_ms=None), evaluation()) == ["milliseconds for one face"]


def test_a_class_without_rows_has_no_gate():
    empty = evaluation()
    report = empty["sets"]["PublicTest"]["reports"]["FER+8"]
    report["recall"]["disgust"], report["confusion"][5] = None, [0] * 8
    assert all("disgust" not in gate.name for gate in gates(empty, evaluation()))
