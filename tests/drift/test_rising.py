"""When corrections have risen: enough readings, enough of a rise, hardly by chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emotion.drift.rising import LEVEL, SMALLEST_NUMBER, Share, has_risen, rise_probability


def test_a_rise_from_eight_to_twenty_in_a_hundred_counts():
    assert has_risen(Share(32, 400), Share(20, 100))


@pytest.mark.parametrize(
    ("before", "recent"),
    [
        (Share(32, 400), Share(8, 100)),
        (Share(80, 400), Share(8, 100)),
        (Share(0, 400), Share(0, 100)),
        # Many readings prove a rise that is too small to matter.
        (Share(10_000, 100_000), Share(6_000, 50_000)),
        # A large rise, but by chance as well as not.
        (Share(6, 60), Share(9, 60)),
    ],
)
def test_no_rise_a_small_one_and_one_by_chance_do_not(before, recent):
    assert not has_risen(before, recent)


@pytest.mark.parametrize("short", [0, 1])
def test_too_few_readings_on_either_side_prove_nothing(short):
    enough, few = SMALLEST_NUMBER, SMALLEST_NUMBER - 1
    sides = [Share(0, enough), Share(few, enough)]
    assert has_risen(*sides)
    sides[short] = Share(sides[short].corrected, few)
    assert not has_risen(*sides)


def test_the_probability_is_that_of_the_pooled_test():
    # 15/100 against 30/100: z = 0.15 / sqrt(0.225 * 0.775 * 0.02) = 2.540, of which the upper tail is 0.00554.
    assert rise_probability(Share(15, 100), Share(30, 100)) == pytest.approx(0.00554, abs=2e-5)
    assert rise_probability(Share(30, 100), Share(15, 100)) > 0.99


def test_without_readings_there_is_no_probability():
    with pytest.raises(ValueError, match="both sides"):
        rise_probability(Share(0, 0), Share(1, 2))


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_the_probability_is_one_and_falls_with_the_rise(before, recent, data):
    was, now = data.draw(st.integers(0, before)), data.draw(st.integers(0, recent - 1))
    lower = rise_probability(Share(was, before), Share(now, recent))
    higher = rise_probability(Share(was, before), Share(now + 1, recent))
    assert 0 <= higher <= 1
    if (now + 1) / recent <= 0.5 and was / before <= 0.5 and (now / recent) >= (was / before):
        assert higher <= lower + LEVEL / 100
