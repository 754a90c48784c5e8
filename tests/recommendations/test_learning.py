"""Hold learning to its promises: neutral without evidence, monotone, bounded, local to the mood where it should be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.types import Emotion
from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Mode, Point, Target
from recommendations.learning import BOUND, CELL_EDGES, NO_TASTE, Kind, Taste, Verdict, cell_of
from recommendations.planning import Listener, follow
from recommendations.ranking import rank
from recommendations.reasons import because
from tests.support.never_said import offending

GENRES = ("jazz", "rock", "folk")
LOW, HIGH = Point(0.2, 0.3), Point(0.9, 0.8)
shares = st.floats(0, 1)
points = st.builds(Point, shares, shares)
seeds = st.integers(0, 2**32)


def track(key: int, artist: str | None = None, genres: tuple[str, ...] = ("jazz",)) -> CatalogueTrack:
    return CatalogueTrack(
        key=key,
        title=f"Title {key}",
        artist=artist or f"Artist {key}",
        year=2000,
        genres=genres,
        language="en",
        instrumental=False,
        explicit=False,
        valence=0.5,
        arousal=0.5,
        rated_by="editorial",
    )


def verdict(of: CatalogueTrack, kind: Kind, place: Point = LOW) -> Verdict:
    return Verdict(of.key, of.title, of.artist, of.genres, place, kind)


# Ten artists with a few tracks each, of one to three genres.
CATALOGUE = Catalogue(
    track(key, f"Artist {key % 10}", tuple(GENRES[(key // 10 + more) % 3] for more in range(1 + key % 3)))
    for key in range(40)
)
verdicts = st.lists(
    st.builds(verdict, st.sampled_from(CATALOGUE.tracks), st.sampled_from(list(Kind)), points), max_size=30
)


@settings(deadline=None)
@given(points)
def test_without_feedback_every_track_is_as_likely_to_suit(place: Point) -> None:
    assert (NO_TASTE.odds(CATALOGUE, place) == 1).all()


@settings(deadline=None)
@given(verdicts, points)
def test_odds_are_bounded_and_the_same_each_time(said: list[Verdict], place: Point) -> None:
    odds = Taste(said).odds(CATALOGUE, place)

    assert odds.shape == (len(CATALOGUE),)
    assert ((odds >= 1 / BOUND) & (odds <= BOUND)).all()
    assert (odds == Taste(said).odds(CATALOGUE, place)).all()


@settings(deadline=None)
@given(verdicts, st.sampled_from(CATALOGUE.tracks), st.sampled_from([Kind.LIKE, Kind.MORE]), points, points)
def test_praise_never_makes_any_track_less_likely(
    said: list[Verdict], of: CatalogueTrack, kind: Kind, place: Point, elsewhere: Point
) -> None:
    for asked in (place, elsewhere):
        before = Taste(said).odds(CATALOGUE, asked)
        after = Taste([*said, verdict(of, kind, place)]).odds(CATALOGUE, asked)
        assert (after >= before - 1e-9).all()


@settings(deadline=None)
@given(verdicts, st.sampled_from(CATALOGUE.tracks), st.sampled_from([Kind.DISLIKE, Kind.SKIP, Kind.NOT_THIS_MOOD]))
def test_blame_never_makes_any_track_more_likely(said: list[Verdict], of: CatalogueTrack, kind: Kind) -> None:
    before = Taste(said).odds(CATALOGUE, LOW)
    after = Taste([*said, verdict(of, kind)]).odds(CATALOGUE, LOW)
    assert (after <= before + 1e-9).all()


def test_praise_reaches_the_track_most_then_its_artist_then_its_genre_and_nothing_else() -> None:
    few = Catalogue([track(1, "A"), track(2, "A"), track(3, "B"), track(4, "C", ("rock",))])
    same, artist, genre, other = Taste([verdict(few.tracks[0], Kind.LIKE)]).odds(few, LOW)
    assert same > artist > genre > other == 1


def test_praise_counts_most_in_the_mood_in_which_it_was_given() -> None:
    few = Catalogue([track(1, "A"), track(2, "A")])
    taste = Taste([verdict(few.tracks[0], Kind.LIKE, LOW)])
    assert taste.odds(few, LOW)[1] > taste.odds(few, HIGH)[1] > 1


def test_what_does_not_fit_this_mood_is_as_welcome_elsewhere() -> None:
    few = Catalogue([track(1, "A"), track(2, "A")])
    taste = Taste([verdict(few.tracks[0], Kind.NOT_THIS_MOOD, LOW)])
    assert (taste.odds(few, HIGH) == 1).all()
    assert taste.odds(few, LOW)[0] < 0.2


def test_a_skip_weighs_less_than_a_dislike_and_more_of_it_more_than_a_like() -> None:
    few = Catalogue([track(1, "A"), track(2, "A")])
    dislike, skip, like, more = (
        Taste([verdict(few.tracks[0], kind)]).odds(few, LOW)[1]
        for kind in (Kind.DISLIKE, Kind.SKIP, Kind.LIKE, Kind.MORE)
    )
    assert dislike < skip < 1 < like < more


def test_one_word_bends_a_genre_a_little_and_many_bend_it_a_lot() -> None:
    crowd = Catalogue(track(key) for key in range(30))
    after = [Taste([verdict(t, Kind.LIKE) for t in crowd.tracks[:count]]).odds(crowd, LOW)[29] for count in (1, 5, 20)]
    assert 1 < after[0] < 1.6 < after[1] < after[2]


def test_a_guest_credit_is_the_same_artist() -> None:
    few = Catalogue([track(1, "A"), track(2, "A feat. B", ("rock",)), track(3, "C", ("rock",))])
    odds = Taste([verdict(few.tracks[0], Kind.LIKE)]).odds(few, LOW)
    assert odds[1] > odds[2] == 1


@pytest.mark.parametrize("edge", CELL_EDGES)
def test_an_edge_belongs_to_the_cell_above_it(edge: float) -> None:
    assert cell_of(Point(edge, edge)) == cell_of(Point(edge + 1e-9, edge + 1e-9))
    assert cell_of(Point(edge, edge)) != cell_of(Point(edge - 1e-9, edge - 1e-9))


def test_ranking_plays_what_was_praised_more_often_and_records_the_number() -> None:
    tracks = Catalogue(track(key, genres=("jazz",) if key % 2 else ("rock",)) for key in range(40))
    taste = Taste([verdict(tracks.tracks[key], Kind.LIKE) for key in (1, 3, 5, 7)])
    chosen = [item for seed in range(60) for item in rank(tracks, [Target(LOW)], count=4, seed=seed, taste=taste)]
    genres = Counter(item.track.genres[0] for item in chosen)
    assert genres["jazz"] > 1.5 * genres["rock"]
    assert {round(item.numbers["personal"], 6) for item in chosen if item.track.genres == ("rock",)} == {1.0}
    odds = taste.odds(tracks, LOW)
    assert all(item.numbers["personal"] == pytest.approx(odds[int(item.track.key)]) for item in chosen)


def test_more_like_this_brings_one_of_its_kin_into_every_set_of_that_mood() -> None:
    # One folk song among many of another genre: chance alone would rarely choose it.
    tracks = Catalogue([track(key) for key in range(200)] + [track(200 + key, genres=("folk",)) for key in range(3)])
    taste = Taste([verdict(tracks.tracks[200], Kind.MORE, LOW)])

    def folk(place: Point, listener: Taste) -> list[int]:
        sets = [rank(tracks, [Target(place)], count=4, seed=seed, taste=listener) for seed in range(30)]
        return [sum(item.track.key in {201, 202} for item in chosen) for chosen in sets]

    assert min(folk(LOW, taste)) >= 1
    assert max(folk(LOW, taste)) <= 2
    assert sum(count > 0 for count in folk(HIGH, taste)) < 15
    assert sum(count > 0 for count in folk(LOW, NO_TASTE)) < 15
    blocked = rank(tracks, [Target(LOW)], count=4, seed=1, taste=taste, without=[201, 202])
    assert not {item.track.key for item in blocked} & {201, 202}


@settings(deadline=None)
@given(verdicts, points, seeds)
def test_the_same_seed_and_taste_give_the_same_set(said: list[Verdict], place: Point, seed: int) -> None:
    def keys() -> list[int | str]:
        return [each.track.key for each in rank(CATALOGUE, [Target(place)], count=5, seed=seed, taste=Taste(said))]

    assert keys() == keys()


def test_the_reason_names_the_praise_behind_it_and_only_where_it_helped() -> None:
    few = Catalogue([track(1, "A"), track(2, "A"), track(3, "B"), track(4, "C", ("rock",))])
    listener = Listener(taste=Taste([verdict(few.tracks[0], Kind.LIKE)]))
    chosen = follow(few, [Target(LOW)], Mode.MATCH, Emotion.SADNESS, count=4, seed=1, listener=listener)
    ends = {each.ranked.track.key: each.reason.split(". ", 1)[1:] for each in chosen}
    named = ["Because you liked “Title 1” by A."]
    assert ends == {1: ["Because you liked it before."], 2: named, 3: named, 4: []}


def test_blame_is_never_given_as_a_reason_and_long_names_are_cut() -> None:
    long = CatalogueTrack(
        1, "T" * 300, "A" * 300, 2000, ("jazz",), "en", instrumental=False, explicit=False, valence=0.5, arousal=0.5,
        rated_by="editorial",
    )  # fmt: skip
    few = Catalogue([long, track(2, "A" * 300)])
    blamed, praised = (
        [because(each, taste) for each in rank(few, [Target(LOW)], count=2, seed=1, taste=taste)]
        for taste in (Taste([verdict(long, Kind.DISLIKE)]), Taste([verdict(long, Kind.MORE)]))
    )
    assert blamed == ["", ""]
    assert set(praised) == {" Because you asked for more like it.", praised[0], praised[1]}
    assert all(len(words) < 200 for words in praised)
    assert any("…" in words for words in praised)


@pytest.mark.parametrize("kind", [Kind.LIKE, Kind.MORE])
def test_what_is_said_of_praise_is_held_against_the_list_of_what_is_never_said(kind: Kind) -> None:
    few = Catalogue([track(1, "A"), track(2, "A"), track(3, "B")])
    taste = Taste([verdict(few.tracks[0], kind)])
    said = {because(each, taste) for each in rank(few, [Target(LOW)], count=3, seed=1, taste=taste)}
    assert len(said) == 2
    assert offending(said) == set()


@settings(deadline=None)
@given(verdicts)
def test_the_order_in_which_things_were_said_does_not_matter_for_the_odds(said: list[Verdict]) -> None:
    forwards, backwards = Taste(said).odds(CATALOGUE, LOW), Taste(said[::-1]).odds(CATALOGUE, LOW)
    assert np.allclose(forwards, backwards)
