"""Hold what is learned of modes to a prior that gives way to evidence, and to what must not be suggested."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.types import EMOTIONS, Emotion
from recommendations.circumplex import Mode
from recommendations.helping import FEWEST, STRENGTH, Group, Trial, estimate, group_of, suggestion

trial = st.builds(Trial, group=st.sampled_from(Group), mode=st.sampled_from(Mode), helped=st.booleans())
histories = st.lists(trial, max_size=60)


def good(mode: Mode, group: Group = Group.HEAVY, times: int = 1) -> list[Trial]:
    return [Trial(group, mode, True)] * times


def bad(mode: Mode, group: Group = Group.HEAVY, times: int = 1) -> list[Trial]:
    return [Trial(group, mode, False)] * times


def test_nothing_is_known_at_first():
    found = estimate([], Group.HEAVY, Mode.SHIFT)
    assert (found.mean, found.trials) == (0.5, 0)
    assert all(suggestion([], emotion) is None for emotion in EMOTIONS)


@given(histories, st.sampled_from(Group), st.sampled_from(Mode))
def test_an_estimate_is_a_chance_with_a_spread_and_ignores_the_order(
    history: list[Trial], group: Group, mode: Mode
) -> None:
    found = estimate(history, group, mode)
    assert 0 < found.mean < 1
    assert 0 < found.sd <= 0.5
    assert found == estimate(list(reversed(history)), group, mode)


@given(histories, st.sampled_from(Group), st.sampled_from(Mode))
def test_one_more_session_that_helped_raises_the_mean_and_one_that_did_not_lowers_it(
    history: list[Trial], group: Group, mode: Mode
) -> None:
    now = estimate(history, group, mode).mean
    assert estimate([*history, *good(mode, group)], group, mode).mean > now
    assert estimate([*history, *bad(mode, group)], group, mode).mean < now


def test_few_sessions_are_shrunk_and_many_speak_for_themselves():
    few = estimate(good(Mode.SHIFT, times=1), Group.HEAVY, Mode.SHIFT).mean
    many = estimate(good(Mode.SHIFT, times=200), Group.HEAVY, Mode.SHIFT).mean
    assert few == pytest.approx((1 + STRENGTH / 2) / (1 + STRENGTH))
    assert many > 0.98


def test_other_days_lend_their_strength_but_never_outweigh_the_days_themselves():
    elsewhere = good(Mode.SHIFT, Group.TENSE, 50)
    assert estimate(elsewhere, Group.HEAVY, Mode.SHIFT).mean > 0.9
    assert estimate([*elsewhere, *bad(Mode.SHIFT, times=12)], Group.HEAVY, Mode.SHIFT).mean < 0.3


def test_a_mode_is_suggested_only_when_it_helped_often_enough_on_such_days():
    assert suggestion(good(Mode.SHIFT, times=FEWEST - 1), Emotion.SADNESS) is None
    assert suggestion(good(Mode.SHIFT, times=FEWEST), Emotion.SADNESS) is Mode.SHIFT
    assert suggestion(good(Mode.SHIFT, times=FEWEST), Emotion.ANGER) is None
    assert suggestion(bad(Mode.SHIFT, times=9), Emotion.SADNESS) is None
    mixed = [*good(Mode.SHIFT, times=4), *bad(Mode.SHIFT, times=4), *good(Mode.LIFT, times=6)]
    assert suggestion(mixed, Emotion.SADNESS) is Mode.LIFT


@given(histories, st.sampled_from([e for e in EMOTIONS if group_of(e) is not Group.EASY]))
def test_staying_with_a_low_mood_is_never_suggested(history: list[Trial], emotion: Emotion) -> None:
    history = [*history, *good(Mode.MATCH, group_of(emotion), 30), *good(Mode.KEEP, group_of(emotion), 30)]
    assert suggestion(history, emotion) not in {Mode.MATCH, Mode.KEEP}


def test_the_groups_are_what_a_shift_would_do():
    assert {e for e in EMOTIONS if group_of(e) is Group.EASY} == {
        Emotion.HAPPINESS,
        Emotion.SURPRISE,
        Emotion.NEUTRAL,
    }
    assert {e for e in EMOTIONS if group_of(e) is Group.TENSE} == {Emotion.ANGER, Emotion.FEAR, Emotion.DISGUST}
