"""Hold what is said about a change to what can be known of it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.change import CLEAR, SMALLEST_READ, SMALLEST_SAID, Change, Told, change, helped, step_point, words
from recommendations.circumplex import Point

shares = st.floats(0, 1)
told = st.builds(Told, point=st.builds(Point, shares, shares), in_taps=st.booleans())
steps = st.integers(1, 5)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((2, 3), (2, 3), "About the same as before."),
        ((2, 3), (3, 3), "A little brighter than before."),
        ((2, 4), (4, 3), "Brighter and a little calmer than before."),
        ((3, 5), (3, 1), "Calmer than before."),
        ((3, 1), (2, 2), "A little heavier and a little livelier than before."),
        ((5, 1), (1, 5), "Heavier and livelier than before."),
    ],
)
def test_a_change_in_taps_is_said_in_plain_words(before, after, said):
    assert words(change(Told(step_point(*before), True), Told(step_point(*after), True))) == said


def test_a_reading_needs_a_larger_difference_than_two_taps_before_anything_is_said():
    near = Point(0.5, 0.5), Point(0.65, 0.5)
    assert words(change(Told(near[0], True), Told(near[1], True))) == "A little brighter than before."
    for ways in ((True, False), (False, True), (False, False)):
        assert words(change(Told(near[0], ways[0]), Told(near[1], ways[1]))) == "About the same as before."


@given(told, told)
def test_whatever_changed_is_said_and_nothing_else(before: Told, after: Told) -> None:
    found = change(before, after)
    said = words(found)
    for difference, up, down in ((found.valence, "brighter", "heavier"), (found.arousal, "livelier", "calmer")):
        if not math.isclose(abs(difference), found.smallest, abs_tol=1e-6):
            assert (up in said.lower()) == (difference > found.smallest)
            assert (down in said.lower()) == (difference < -found.smallest)
    assert said.endswith(" before.")


@given(steps, steps)
def test_steps_lie_evenly_on_the_plane(valence: int, arousal: int) -> None:
    point = step_point(valence, arousal)
    assert point == pytest.approx(((2 * valence - 1) / 10, (2 * arousal - 1) / 10))


@pytest.mark.parametrize("wrong", [(0, 3), (3, 0), (6, 3), (3, 6)])
def test_a_step_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="1 to 5"):
        step_point(*wrong)


@pytest.mark.parametrize(
    ("staying", "winding_down", "valence", "arousal", "good"),
    [
        (True, False, 0.0, 0.0, True),
        (True, False, -0.3, 0.0, False),
        (False, False, 0.0, 0.0, False),
        (False, False, 0.2, 0.0, True),
        (False, False, 0.0, -0.4, False),
        (False, True, 0.0, -0.4, True),
        (False, True, -0.4, -0.4, False),
        (False, True, 0.2, 0.4, True),
    ],
)
def test_a_session_helped_when_it_did_what_its_music_was_for(staying, winding_down, valence, arousal, good):
    assert helped(staying, winding_down, Change(valence, arousal, SMALLEST_SAID)) is good


def test_the_bounds_stand_in_order():
    assert SMALLEST_SAID < SMALLEST_READ < CLEAR
