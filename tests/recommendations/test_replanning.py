"""Hold the rest of a session to its promises, wherever it stands and whatever is asked of it."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.types import EMOTIONS, Emotion
from recommendations.circumplex import LIFTED, LONGEST_STEP, Mode, Point, Target, goal
from recommendations.replanning import WAY_OUT_AFTER, ahead, mode_after_reading, way_out_offered

shares = st.floats(0, 1)
points = st.builds(Point, shares, shares)
positions = st.builds(Target, point=points, sd=points, weights=points)
emotions = st.sampled_from(EMOTIONS)
LOW = {Emotion.ANGER, Emotion.FEAR, Emotion.SADNESS, Emotion.DISGUST, Emotion.CONTEMPT}


@settings(deadline=None)
@given(positions, emotions, st.integers(1, 20))
def test_a_shift_that_is_planned_anew_goes_in_short_steps_from_where_it_stands_to_its_goal(
    position: Target, emotion: Emotion, remaining: int
) -> None:
    rest = ahead(position, Mode.SHIFT, emotion, remaining)

    points = [position.point, *(each.point for each in rest)]
    assert len(rest) >= remaining
    assert all(math.dist(a, b) <= LONGEST_STEP + 1e-9 for a, b in itertools.pairwise(points))
    assert points[-1] == goal(position, Mode.SHIFT, emotion)


@settings(deadline=None)
@given(positions, emotions, st.integers(1, 20), st.integers(1, 19), emotions, st.integers(1, 20))
def test_changing_again_on_the_way_keeps_the_steps_short(
    position: Target, first: Emotion, remaining: int, heard: int, second: Emotion, again: int
) -> None:
    way = ahead(position, Mode.SHIFT, first, remaining)
    reached = way[min(heard, len(way)) - 1]
    rest = ahead(reached, Mode.SHIFT, second, again)
    assert math.dist(reached.point, rest[0].point) <= LONGEST_STEP + 1e-9
    assert rest[-1].point == goal(reached, Mode.SHIFT, second)


@given(positions, emotions, st.sampled_from([Mode.MATCH, Mode.KEEP]), st.integers(1, 20))
def test_match_and_keep_stay_where_the_session_stands(
    position: Target, emotion: Emotion, mode: Mode, remaining: int
) -> None:
    assert ahead(position, mode, emotion, remaining) == [position] * remaining


@given(positions, emotions, st.integers(1, 20))
def test_a_lift_is_bright_from_the_next_track(position: Target, emotion: Emotion, remaining: int) -> None:
    assert [each.point for each in ahead(position, Mode.LIFT, emotion, remaining)] == [LIFTED] * remaining


def test_nothing_ahead_is_no_plan() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ahead(Target(LIFTED), Mode.LIFT, Emotion.NEUTRAL, 0)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("mode", Mode)
def test_a_new_reading_keeps_the_chosen_mode_but_for_a_shift_that_has_arrived(mode: Mode, emotion: Emotion) -> None:
    arrived = mode is Mode.SHIFT and emotion not in LOW
    assert mode_after_reading(mode, emotion) is (Mode.KEEP if arrived else mode)


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("mode", Mode)
def test_a_low_mood_is_never_left_where_it_is_without_a_way_out(mode: Mode, emotion: Emotion) -> None:
    stays_low = mode in {Mode.MATCH, Mode.KEEP} and emotion in LOW
    for heard in range(10):
        assert way_out_offered(mode, emotion, heard) is (stays_low and heard >= WAY_OUT_AFTER)
