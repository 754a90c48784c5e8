import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.affect import NORMS, affect
from ml.types import EMOTIONS, Emotion

scores = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda values: sum(values) > 1e-6)


def of(values):
    return dict(zip(EMOTIONS, values, strict=True))


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_certain_emotion_lies_at_its_norm_without_deviation(emotion):
    place = affect({e: float(e == emotion) for e in EMOTIONS})
    assert (place.valence, place.arousal) == pytest.approx(NORMS[emotion])
    assert place.valence_sd == place.arousal_sd == pytest.approx(0)


def test_two_emotions_give_the_middle_and_half_their_distance():
    place = affect({**dict.fromkeys(EMOTIONS, 0.0), Emotion.HAPPINESS: 0.5, Emotion.SADNESS: 0.5})
    assert place.valence == pytest.approx((0.93 + 0.19) / 2)
    assert place.valence_sd == pytest.approx((0.93 - 0.19) / 2)
    assert place.arousal_sd == pytest.approx((0.74 - 0.33) / 2)


@given(scores)
def test_a_place_lies_within_the_norms_and_its_deviation_within_half_their_range(values):
    place = affect(of(values))
    for value, deviation, axis in ((place.valence, place.valence_sd, 0), (place.arousal, place.arousal_sd, 1)):
        column = [norm[axis] for norm in NORMS.values()]
        assert min(column) - 1e-9 <= value <= max(column) + 1e-9
        assert -1e-9 <= deviation <= (max(column) - min(column)) / 2 + 1e-9


@given(scores, st.floats(0.1, 10))
def test_only_the_ratio_of_the_scores_matters(values, factor):
    once, scaled = affect(of(values)), affect(of([value * factor for value in values]))
    assert once.valence == pytest.approx(scaled.valence)
    assert once.arousal_sd == pytest.approx(scaled.arousal_sd, abs=1e-6)


@given(scores, scores, st.floats(0, 1))
def test_the_mean_moves_straight_between_two_readings(first, second, share):
    first, second = ([value / sum(values) for value in values] for values in (first, second))
    mixed = affect(of([share * a + (1 - share) * b for a, b in zip(first, second, strict=True)]))
    expected = share * affect(of(first)).valence + (1 - share) * affect(of(second)).valence
    assert mixed.valence == pytest.approx(expected)


def test_every_emotion_has_a_norm_between_0_and_1():
    assert set(NORMS) == set(Emotion)
    assert all(0 <= value <= 1 for norm in NORMS.values() for value in norm)


@pytest.mark.parametrize("values", [[0.0] * 8, [-0.1, *[0.2] * 7], [math.nan, *[0.1] * 7], [math.inf, *[0.1] * 7]])
def test_scores_that_are_no_distribution_are_refused(values):
    with pytest.raises(ValueError, match="affect needs"):
        affect(of(values))


def test_a_missing_emotion_is_refused():
    with pytest.raises(ValueError, match="each emotion"):
        affect({Emotion.HAPPINESS: 1.0})
