"""Read every sentence that can be said, and hold it to what may be said."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from ml.affect import NORMS
from ml.types import EMOTIONS, Emotion
from recommendations.catalogue import STARTER, Catalogue, CatalogueTrack, read_catalogue
from recommendations.circumplex import Mode, Point, Target, path, target
from recommendations.ranking import Ranked, rank
from recommendations.reasons import Place, describe, place, reason
from tests.support.never_said import offending


def track(valence: float, arousal: float, instrumental: bool = False) -> CatalogueTrack:
    return CatalogueTrack(
        "key",
        "Title",
        "Artist",
        2000,
        ("pop",),
        "" if instrumental else "en",
        instrumental,
        False,
        valence,
        arousal,
        "x",
    )


def ranked(item: CatalogueTrack, aim: Point, number: int = 1) -> Ranked:
    return Ranked(track=item, rank=number, score=0.5, distance=0.1, target=aim, numbers={})


def sentences() -> list[str]:
    levels = [step / 10 for step in range(11)]
    found = []
    for mode, emotion in product(Mode, EMOTIONS):
        way = path(Target(Point(*NORMS[emotion])), mode, emotion, 9)
        for (number, aim), valence, arousal, instrumental in product(enumerate(way, 1), levels, levels, (False, True)):
            found.append(reason(ranked(track(valence, arousal, instrumental), aim.point, number), mode, emotion))
    return found


def test_no_sentence_diagnoses_promises_or_blames() -> None:
    every = set(sentences())

    assert len(every) > 1000
    assert offending(every) == set()


def test_the_list_of_what_is_never_said_catches_it() -> None:
    forbidden = [
        "This heals depression.",
        "A treatment for anxiety",
        "You should have slept",
        "It is your fault",
        "Guaranteed joy",
        "Your doctor's diagnosis",
    ]

    assert offending(forbidden) == set(forbidden)


def test_every_sentence_is_one_short_sentence() -> None:
    for sentence in set(sentences()):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert sentence.count(".") == 1
        assert len(sentence) <= 100


def test_a_shift_begins_on_its_way_and_arrives_in_words_too() -> None:
    way = path(Target(Point(*NORMS[Emotion.ANGER])), Mode.SHIFT, Emotion.ANGER, 6)
    said = [
        reason(ranked(track(*aim.point), aim.point, number), Mode.SHIFT, Emotion.ANGER)
        for number, aim in enumerate(way, 1)
    ]

    assert said[0] == "Starts close to where you are: energetic, dark."
    assert all("calm" in sentence or "quiet" in sentence for sentence in said[1:-1])
    assert said[-1].endswith(": hushed, bright.")


@pytest.mark.parametrize("item", [track(0.6, 0.3), track(0.2, 0.7)])
def test_a_track_that_lies_far_from_its_target_on_one_axis_is_not_called_close(item: CatalogueTrack) -> None:
    aim = Point(0.2, 0.3)

    assert reason(ranked(item, aim), Mode.SHIFT, Emotion.SADNESS).startswith("Opens the way from here: ")
    assert "variety" in reason(ranked(item, aim, 2), Mode.SHIFT, Emotion.SADNESS)
    assert "variety" in reason(ranked(item, aim, 2), Mode.MATCH, Emotion.SADNESS)


def test_a_dark_track_for_a_surprised_face_is_no_stray_because_valence_is_free() -> None:
    sentence = reason(ranked(track(0.1, 0.85), Point(0.7, 0.84)), Mode.KEEP, Emotion.SURPRISE)

    assert "variety" not in sentence
    assert "very dark" in sentence


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (track(0.4, 0.3), "low energy, a little dark"),
        (track(0.0, 1.0), "full of energy, very dark"),
        (track(1.0, 0.0, instrumental=True), "hushed, very bright, without words"),
    ],
)
def test_the_description_is_true_of_the_track(item: CatalogueTrack, words: str) -> None:
    assert describe(ranked(item, Point(0.5, 0.5))) == words


def test_a_set_of_the_shipped_catalogue_says_something_different_for_neighbours() -> None:
    catalogue = Catalogue(read_catalogue(STARTER))
    for emotion, mode, seed in product(EMOTIONS, Mode, range(3)):
        start = target({other: float(other is emotion) for other in EMOTIONS})
        chosen = rank(catalogue, path(start, mode, emotion, 8), count=8, seed=seed)
        said = [reason(item, mode, emotion) for item in chosen]

        assert all(one != other for one, other in pairwise(said))


def test_only_a_shift_has_a_start_and_a_way() -> None:
    aim = Point(*NORMS[Emotion.FEAR])

    assert place(ranked(track(*aim), aim, 1), Mode.SHIFT, Emotion.FEAR) is Place.START
    assert place(ranked(track(*aim), aim, 2), Mode.SHIFT, Emotion.FEAR) is Place.WAY
    assert place(ranked(track(*aim), aim, 2), Mode.MATCH, Emotion.FEAR) is Place.GOAL
