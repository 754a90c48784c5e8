import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from recommendations.drawing import DOT, apart, point

coordinates = st.floats(0, 100).map(lambda value: round(value, 1))
dots = st.fixed_dictionaries({"x": coordinates, "y": coordinates})


def nearest(points):
    return min(math.dist((a["x"], a["y"]), (b["x"], b["y"])) for a, b in itertools.combinations(points, 2))


@given(st.lists(dots, min_size=2, max_size=12))
def test_no_song_hides_another_and_all_stay_on_the_plane(points):
    placed = apart(points)
    assert nearest(placed) > DOT - 0.4
    assert all(0 <= each["x"] <= 100 and 0 <= each["y"] <= 100 for each in placed)
    assert placed == apart(points)


def test_even_songs_in_one_place_can_all_be_read():
    heap = [point(0.5, 0.5)] * 8
    assert nearest(heap) == 0
    assert nearest(apart(heap)) > DOT - 0.4


def test_a_heap_spreads_no_further_than_it_must():
    spread = max(math.dist((each["x"], each["y"]), (50, 50)) for each in apart([point(0.5, 0.5)] * 8))
    assert spread < 3 * DOT


def test_songs_that_can_be_read_stay_where_they_are():
    points = [point(0.1, 0.9), point(0.5, 0.5), point(0.9, 0.1)]
    assert apart(points) == points
