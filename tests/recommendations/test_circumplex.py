"""Hold the plane to its promises: where readings lie, where modes lead, how far a step goes."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.affect import NORMS
from ml.types import EMOTIONS, Emotion
from recommendations.circumplex import (
    CALM,
    CERTAIN,
    EVEN,
    LIFTED,
    LONGEST_STEP,
    MILDLY_POSITIVE,
    Mode,
    Point,
    Target,
    default_mode,
    goal,
    path,
    target,
)

emotions = st.sampled_from(EMOTIONS)
modes = st.sampled_from(list(Mode))
shares = st.floats(0, 1)
readings = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda scores: sum(scores) > 1e-6)
points = st.builds(Point, shares, shares)
targets = st.builds(Target, point=points, sd=st.builds(Point, shares, shares), weights=st.builds(Point, shares, shares))


def pure(emotion: Emotion) -> dict[Emotion, float]:
    return {other: float(other is emotion) for other in EMOTIONS}


@settings(deadline=None)
@given(readings)
def test_a_target_is_the_weighted_mean_of_the_norms_and_stays_in_the_unit_square(scores: list[float]) -> None:
    found = target(dict(zip(EMOTIONS, scores, strict=True)))

    total = sum(scores)
    for axis in (0, 1):
        mean = sum(score * NORMS[emotion][axis] for score, emotion in zip(scores, EMOTIONS, strict=True)) / total
        assert found.point[axis] == pytest.approx(mean)
        assert 0 <= found.point[axis] <= 1
        assert 0 <= found.sd[axis] <= 0.5


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_pure_emotion_lands_on_its_norm_without_doubt(emotion: Emotion) -> None:
    found = target(pure(emotion))

    assert found.point == pytest.approx(NORMS[emotion])
    assert found.sd == pytest.approx((0, 0), abs=1e-9)


@settings(deadline=None)
@given(readings, st.floats(0.1, 10))
def test_a_target_does_not_depend_on_the_scale_of_the_scores(scores: list[float], scale: float) -> None:
    once = target(dict(zip(EMOTIONS, scores, strict=True)))
    scaled = target({emotion: score * scale for emotion, score in zip(EMOTIONS, scores, strict=True)})

    assert scaled.point == pytest.approx(once.point)
    assert scaled.weights == pytest.approx(once.weights)


def test_two_likely_emotions_that_lie_apart_make_a_wide_target() -> None:
    torn = target({**dict.fromkeys(EMOTIONS, 0.0), Emotion.HAPPINESS: 0.5, Emotion.SADNESS: 0.5})

    assert torn.sd.valence == pytest.approx((0.93 - 0.19) / 2)


def test_sadness_weighs_arousal_more_than_valence() -> None:
    weights = target(pure(Emotion.SADNESS)).weights

    assert weights.arousal > weights.valence > 0


def test_surprise_leaves_valence_free() -> None:
    assert target(pure(Emotion.SURPRISE)).weights == Point(0.0, 1.0)


@pytest.mark.parametrize(
    "scores",
    [
        dict.fromkeys(EMOTIONS, 0.0),
        {**dict.fromkeys(EMOTIONS, 0.1), Emotion.FEAR: -0.1},
        {**dict.fromkeys(EMOTIONS, 0.1), Emotion.FEAR: math.nan},
        {**dict.fromkeys(EMOTIONS, 0.1), Emotion.FEAR: math.inf},
        {},
    ],
)
def test_scores_that_are_no_distribution_are_refused(scores: dict[Emotion, float]) -> None:
    with pytest.raises(ValueError, match="affect"):
        target(scores)


@pytest.mark.parametrize(
    ("emotion", "mode"),
    [
        (Emotion.ANGER, Mode.SHIFT),
        (Emotion.FEAR, Mode.SHIFT),
        (Emotion.SADNESS, Mode.SHIFT),
        (Emotion.DISGUST, Mode.SHIFT),
        (Emotion.CONTEMPT, Mode.SHIFT),
        (Emotion.HAPPINESS, Mode.KEEP),
        (Emotion.SURPRISE, Mode.KEEP),
        (Emotion.NEUTRAL, Mode.KEEP),
    ],
)
def test_the_default_keeps_what_is_pleasant_or_even_and_shifts_the_rest(emotion: Emotion, mode: Mode) -> None:
    assert default_mode(emotion) is mode


@pytest.mark.parametrize("emotion", [Emotion.ANGER, Emotion.FEAR, Emotion.DISGUST])
def test_a_shift_from_high_arousal_negatives_leads_to_calm(emotion: Emotion) -> None:
    assert goal(target(pure(emotion)), Mode.SHIFT, emotion) == CALM == (0.78, 0.10)


def test_a_shift_from_sadness_leads_to_a_mildly_positive_point() -> None:
    assert goal(target(pure(Emotion.SADNESS)), Mode.SHIFT, Emotion.SADNESS) == MILDLY_POSITIVE == (0.70, 0.45)


@settings(deadline=None)
@given(targets, emotions, st.integers(1, 30))
def test_a_shift_starts_at_the_start_and_reaches_its_goal_in_steps_that_are_never_too_long(
    start: Target, emotion: Emotion, steps: int
) -> None:
    way = path(start, Mode.SHIFT, emotion, steps)
    end = goal(start, Mode.SHIFT, emotion)

    assert len(way) >= steps
    assert way[-1].point == end
    assert way[-1].weights == EVEN
    assert way[-1].sd == CERTAIN
    if len(way) > 1:
        assert way[0] == start
    else:
        assert math.dist(start.point, end) < 1e-6
    for here, there in itertools.pairwise(way):
        assert math.dist(here.point, there.point) <= LONGEST_STEP + 1e-9
        assert math.dist(there.point, end) <= math.dist(here.point, end) + 1e-9


@settings(deadline=None)
@given(targets, modes, emotions, st.integers(1, 30))
def test_every_point_of_every_path_stays_in_the_unit_square(
    start: Target, mode: Mode, emotion: Emotion, steps: int
) -> None:
    for step in path(start, mode, emotion, steps):
        assert all(0 <= coordinate <= 1 for coordinate in step.point)
        assert min(*step.sd, *step.weights) >= 0


@settings(deadline=None)
@given(targets, emotions, st.integers(1, 30))
def test_a_shift_takes_as_many_points_as_asked_when_its_steps_are_short_enough(
    start: Target, emotion: Emotion, steps: int
) -> None:
    needed = math.ceil(math.dist(start.point, goal(start, Mode.SHIFT, emotion)) / LONGEST_STEP) + 1

    assert len(path(start, Mode.SHIFT, emotion, steps)) <= max(steps, needed)


@settings(deadline=None)
@given(targets, st.sampled_from([Mode.MATCH, Mode.KEEP]), emotions, st.integers(1, 30))
def test_match_and_keep_stay_at_the_start(start: Target, mode: Mode, emotion: Emotion, steps: int) -> None:
    assert path(start, mode, emotion, steps) == [start] * steps


@settings(deadline=None)
@given(targets, emotions, st.integers(1, 30))
def test_lift_is_at_its_goal_from_the_first_track(start: Target, emotion: Emotion, steps: int) -> None:
    assert [step.point for step in path(start, Mode.LIFT, emotion, steps)] == [LIFTED] * steps
    assert LIFTED == (0.85, 0.70)


def test_a_path_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        path(Target(CALM), Mode.SHIFT, Emotion.ANGER, 0)
