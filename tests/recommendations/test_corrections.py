"""Hold corrections to their bounds: many people, small moves, one voice each."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.circumplex import Point
from recommendations.corrections import LARGEST_DRIFT, LARGEST_MOVE, LISTENERS, SMALLEST_MOVE, Voice, propose

shares = st.floats(0, 1)
points = st.builds(Point, shares, shares)
voices = st.lists(st.builds(Voice, st.integers(1, 30), points, st.booleans()), max_size=60)
HERE = Point(0.5, 0.5)


def crowd(place: Point, people: int = 30, fits: bool = True, first: int = 1) -> list[Voice]:
    return [Voice(listener, place, fits) for listener in range(first, first + people)]


@settings(deadline=None)
@given(points, points, voices)
def test_a_move_is_small_stays_on_the_plane_and_near_where_the_track_began(
    rating: Point, first: Point, said: list[Voice]
) -> None:
    found = propose(rating, first, said)
    if len({voice.listener for voice in said}) < LISTENERS:
        assert found is None
    if found is None:
        return
    assert found.listeners >= LISTENERS
    assert found.wrong_mood_percent in range(0, 101, 10)
    moves = [abs(new - old) for new, old in zip(found.place, rating, strict=True)]
    assert SMALLEST_MOVE - 1e-9 <= max(moves) <= LARGEST_MOVE + 1e-3
    for new, old, began in zip(found.place, rating, first, strict=True):
        assert 0 <= new <= 1
        # Never further from where it began than the drift allows, or than it was.
        assert abs(new - began) <= max(LARGEST_DRIFT, abs(old - began)) + 1e-3


def test_praise_draws_a_track_and_wrong_mood_pushes_it_away() -> None:
    there = Point(0.8, 0.5)
    drawn, pushed = (propose(HERE, HERE, crowd(there, fits=fits)) for fits in (True, False))
    assert drawn is not None
    assert pushed is not None
    assert pushed.place.valence < HERE.valence < drawn.place.valence
    assert drawn.place.arousal == pushed.place.arousal == HERE.arousal
    assert (drawn.wrong_mood_percent, pushed.wrong_mood_percent) == (0, 100)


def test_more_people_move_a_track_further() -> None:
    near = Point(0.55, 0.5)
    few, many = (propose(HERE, HERE, crowd(near, people)) for people in (LISTENERS, 200))
    assert few is not None
    assert many is not None
    assert HERE.valence < few.place.valence < many.place.valence <= near.valence


def test_one_person_has_one_voice_however_much_she_says() -> None:
    loud = [Voice(1, Point(1, 1), True)] * 500
    assert propose(HERE, HERE, loud) is None
    quiet = crowd(HERE, 20, first=2)
    found = propose(HERE, HERE, [*loud, *quiet])
    assert found is None or abs(found.place.valence - HERE.valence) < 0.03


def test_praise_where_the_track_already_is_changes_nothing() -> None:
    assert propose(HERE, HERE, crowd(HERE, 500)) is None


def test_a_track_that_has_drifted_as_far_as_it_may_goes_no_further() -> None:
    first = Point(HERE.valence - LARGEST_DRIFT, HERE.arousal)
    assert propose(HERE, first, crowd(Point(1.0, 0.5))) is None
    back = propose(HERE, first, crowd(Point(0.0, 0.5)))
    assert back is not None
    assert back.place.valence < HERE.valence
