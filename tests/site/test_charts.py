"""Line charts: what is drawn where, and the figures beside the drawing."""

import re
from itertools import pairwise

import pytest
from django.template.loader import render_to_string
from hypothesis import example, given
from hypothesis import strategies as st

from mood_music.charts import INTERVALS, MOST_LINES, Series, line_chart

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def chart(*values, **options):
    return line_chart(title="T", x=[f"d{n}" for n in range(len(values))], x_label="Day",
                      series=[Series("A", values)], **options)  # fmt: skip


def places(line):
    """Return the points of a line."""
    return [tuple(map(float, found)) for found in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", line.path)]


def test_values_stand_between_the_ends_of_the_axis():
    drawn = chart(0, 5, 10)
    assert drawn.y_ticks == ["10", "7.5", "5", "2.5", "0"]
    assert places(drawn.lines[0]) == [(0, 100), (50, 50), (100, 0)]
    assert drawn.rows == [("d0", ["0"]), ("d1", ["5"]), ("d2", ["10"])]


def test_a_gap_breaks_the_line_and_leaves_a_lonely_value_its_dot():
    drawn = chart(1, None, 2, 3)
    assert re.findall("[ML]", drawn.lines[0].path) == ["M", "M", "L"]
    assert drawn.lines[0].dots.count("h0") == 3
    assert drawn.rows[1] == ("d1", [""])


def test_shares_are_told_in_percent():
    drawn = chart(0.08, 0.154, percent=True)
    assert drawn.y_ticks[0] == "20%"
    assert drawn.rows[1] == ("d1", ["15%"])


def test_an_axis_that_need_not_begin_at_nought_begins_near_the_values():
    assert float(chart(0.71, 0.74, from_zero=False).y_ticks[-1]) > 0.6
    assert float(chart(0.71, 0.74).y_ticks[-1]) == 0


def test_without_values_there_is_a_sentence_in_place_of_a_drawing():
    for drawn in (chart(), chart(None, None)):
        assert drawn.empty
        page = render_to_string("components/line_chart.html", {"chart": drawn, "none": "Too few."})
        assert "Too few." in page
        assert "<table" not in page


def test_the_page_has_neither_style_nor_script_and_escapes_words():
    drawn = line_chart(title="<b>", x=["1", "2"], x_label="Day", series=[Series("<i>", [1, 2]), Series("B", [2, 1])])
    page = render_to_string("components/line_chart.html", {"chart": drawn})
    assert "style=" not in page
    assert "<script" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert page.count('class="chart__dots"') == 2


@pytest.mark.parametrize("values", [[1, 2, 3], [float("nan"), 1], [float("inf"), 1]])
def test_lines_that_cannot_be_drawn_are_refused(values):
    with pytest.raises(ValueError, match=r"places|number"):
        line_chart(title="T", x=["1", "2"], x_label="Day", series=[Series("A", values)])


def test_more_lines_than_can_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="told apart"):
        line_chart(title="T", x=["1"], x_label="Day", series=[Series(str(n), [1]) for n in range(MOST_LINES + 1)])


@given(st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=30), st.booleans())
@example([5e-324], False)
def test_every_value_lies_inside_the_drawing(values, from_zero):
    drawn = chart(*values, from_zero=from_zero)
    assert len(drawn.y_ticks) == INTERVALS + 1
    assert len(places(drawn.lines[0])) == sum(value is not None for value in values)
    for x, y in places(drawn.lines[0]):
        assert 0 <= x <= 100
        assert -0.01 <= y <= 100.01


@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_higher_values_are_never_drawn_lower(values):
    heights = [y for _, y in places(chart(*values).lines[0])]
    for (low, under), (high, over) in pairwise(sorted(zip(values, heights, strict=True))):
        assert low <= high
        assert under >= over
