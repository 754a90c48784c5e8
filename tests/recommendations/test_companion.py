"""Hold everything that the companion can say against what is never said, and against saying it twice in a row."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.types import EMOTIONS, Emotion
from recommendations.change import SMALLEST_SAID, Change
from recommendations.circumplex import Mode
from recommendations.companion import (
    DAYTIMES,
    Certainty,
    Daytime,
    Occasion,
    Outcome,
    Scene,
    daytimes,
    helped_line,
    line,
    outcome_of,
)
from tests.support.never_said import offending

SCENES = [
    Scene(*parts)
    for parts in itertools.product(Occasion, EMOTIONS, Certainty, Mode, [None, *Mode], Outcome)
    if parts[0] is Occasion.END or parts[-1] is Outcome.UNTOLD
]
TURNS = range(6)
"""Every pool has two or three sentences, so six turns bring each of them together with each other."""


def everything() -> set[str]:
    said = {line(scene, seed="somebody", turn=turn) for scene in SCENES for turn in TURNS}
    return said | {
        f"{text} {more}"
        for scene in SCENES
        for more in daytimes(scene.occasion).values()
        for text in [line(scene, seed="somebody", turn=0)]
    }


EVERYTHING = everything()


def test_there_is_much_to_say() -> None:
    assert len(SCENES) > 3000
    assert len(EVERYTHING) > 1000


def test_nothing_that_is_never_said_is_said_in_any_combination() -> None:
    assert offending(EVERYTHING) == set()


@pytest.mark.parametrize(
    "wrong",
    [
        "You look depressed.",
        "This will help.",
        "It is your fault.",
        "You should rest.",
        "You need to breathe.",
        "Look on the bright side of it.",
        "Cheer up.",
        "Good vibes!",
        "Do not worry.",
        "It could be worse.",
    ],
)
def test_the_list_of_what_is_never_said_catches_it(wrong: str) -> None:
    assert offending([wrong, "That looks like a heavy moment."]) == {wrong}


def test_everything_is_short_and_whole() -> None:
    for text in EVERYTHING:
        assert text[0].isupper()
        assert text.endswith(".")
        assert "{" not in text
        assert len(text) <= 220
        sentences = text.split(". ")
        assert len(sentences) <= 4
        assert all(sentence[0].isupper() for sentence in sentences)


@given(st.sampled_from(SCENES), st.sampled_from(SCENES), st.text(min_size=1), st.integers(0, 10_000))
def test_two_turns_in_a_row_never_begin_with_the_same_sentence(now: Scene, then: Scene, seed: str, turn: int) -> None:
    if now.occasion is then.occasion:
        first, second = line(now, seed=seed, turn=turn), line(then, seed=seed, turn=turn + 1)
        assert first.split(". ")[0].rstrip(".") != second.split(". ")[0].rstrip(".")


def test_not_even_one_that_differs_only_by_its_name() -> None:
    for certainty in Certainty:
        scenes = [Scene(Occasion.RESULT, emotion, certainty, Mode.MATCH) for emotion in EMOTIONS]
        for scene, turn in itertools.product(scenes, TURNS):
            assert line(scene, seed="a", turn=turn) != line(scene, seed="a", turn=turn + 1)


@given(st.sampled_from(SCENES), st.text(), st.integers(0, 10_000))
def test_the_same_turn_says_the_same(scene: Scene, seed: str, turn: int) -> None:
    assert line(scene, seed=seed, turn=turn) == line(scene, seed=seed, turn=turn)


def test_a_reading_is_spoken_of_as_a_look_and_only_the_persons_word_by_its_name() -> None:
    for emotion, turn in itertools.product(EMOTIONS, TURNS):
        sure = line(Scene(Occasion.RESULT, emotion, Certainty.SURE, Mode.KEEP), seed="a", turn=turn)
        said = line(Scene(Occasion.RESULT, emotion, Certainty.SAID, Mode.KEEP), seed="a", turn=turn)
        unsure = line(Scene(Occasion.RESULT, emotion, Certainty.UNSURE, Mode.KEEP), seed="a", turn=turn)
        name = "an even mood" if emotion is Emotion.NEUTRAL else emotion.value
        assert name in said
        assert name not in sure.lower()
        assert name not in unsure.lower()


@pytest.mark.parametrize("emotion", [e for e in EMOTIONS if e.value in {"sadness", "anger", "fear"}])
@pytest.mark.parametrize("mode", [Mode.MATCH, Mode.KEEP])
def test_staying_with_a_low_mood_always_names_the_way_on(emotion: Emotion, mode: Mode) -> None:
    for turn in TURNS:
        assert "way on" in line(Scene(Occasion.RESULT, emotion, Certainty.SURE, mode), seed="a", turn=turn)


def test_what_helped_before_is_said_where_a_choice_is_made_and_as_an_observation() -> None:
    for mode, helped in itertools.product(Mode, Mode):
        words = helped_line(helped, mode)
        assert helped.value in words.lower()
        assert "has helped you" in words
        for occasion in Occasion:
            text = line(Scene(occasion, Emotion.FEAR, Certainty.SURE, mode, helped), seed="a", turn=0)
            assert (words in text) == (occasion in {Occasion.RESULT, Occasion.START})


def test_the_time_of_day_is_added_where_somebody_arrives_and_nowhere_else() -> None:
    assert set(DAYTIMES) == set(Daytime)
    assert [bool(daytimes(occasion)) for occasion in Occasion] == [True, True, False, False]


@pytest.mark.parametrize(
    ("valence", "arousal", "outcome"),
    [
        (0.2, 0.0, Outcome.BRIGHTER),
        (0.2, -0.4, Outcome.BRIGHTER),
        (-0.2, -0.4, Outcome.HEAVIER),
        (0.0, -0.4, Outcome.CALMER),
        (0.0, 0.4, Outcome.SAME),
        (0.05, 0.0, Outcome.SAME),
    ],
)
def test_the_end_answers_what_was_told(valence: float, arousal: float, outcome: Outcome) -> None:
    assert outcome_of(Change(valence, arousal, SMALLEST_SAID)) is outcome
    assert outcome_of(None) is Outcome.UNTOLD
