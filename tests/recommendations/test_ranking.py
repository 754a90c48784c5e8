"""Hold ranking to its promises: full sets, distinct artists, softness, repeatability, preferences."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.types import EMOTIONS, Emotion
from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Mode, Point, Target, path, target
from recommendations.ranking import Preferences, effective_weights, rank

shares = st.floats(0, 1)
points = st.builds(Point, shares, shares)
seeds = st.integers(0, 2**63)
CENTRE = Target(Point(0.5, 0.5))


def track(key: int, valence: float = 0.5, arousal: float = 0.5, artist: str | None = None) -> CatalogueTrack:
    return CatalogueTrack(
        key=key,
        title=f"Title {key}",
        artist=artist or f"Artist {key}",
        year=2000,
        genres=("pop",),
        language="en",
        instrumental=False,
        explicit=False,
        valence=valence,
        arousal=arousal,
        rated_by="editorial",
    )


@st.composite
def catalogues(draw: st.DrawFn, min_size: int = 0) -> Catalogue:
    places = draw(st.lists(st.tuples(shares, shares, st.integers(0, 9)), min_size=min_size, max_size=40))
    return Catalogue(track(key, v, a, f"Artist {artist}") for key, (v, a, artist) in enumerate(places))


GRID = Catalogue(track(10 * row + column, column / 9, row / 9) for row in range(10) for column in range(10))


@settings(deadline=None)
@given(catalogues(), st.lists(points, min_size=1, max_size=8), st.integers(0, 20), seeds)
def test_a_set_holds_as_many_distinct_tracks_as_asked_for_or_all_that_there_are(
    catalogue: Catalogue, way: list[Point], count: int, seed: int
) -> None:
    chosen = rank(catalogue, [Target(point) for point in way], count=count, seed=seed)

    assert len(chosen) == min(count, len(catalogue))
    assert len({item.track.key for item in chosen}) == len(chosen)
    assert [item.rank for item in chosen] == list(range(1, len(chosen) + 1))


@settings(deadline=None)
@given(catalogues(), points, st.integers(0, 20), seeds)
def test_no_artist_comes_twice_while_another_is_left(catalogue: Catalogue, point: Point, count: int, seed: int) -> None:
    chosen = rank(catalogue, [Target(point)], count=count, seed=seed)

    artists = {item.artist for item in catalogue.tracks}
    first = chosen[: len(artists)]
    assert len({item.track.artist for item in first}) == len(first)


def test_a_guest_does_not_make_another_artist() -> None:
    catalogue = Catalogue([track(1, artist="Someone"), track(2, artist="SOMEONE feat. A Guest"), track(3)])

    for seed in range(20):
        artists = {item.track.artist for item in rank(catalogue, [CENTRE], count=2, seed=seed)}
        assert "Artist 3" in artists


@settings(deadline=None)
@given(catalogues(), st.lists(points, min_size=1, max_size=5), st.integers(0, 10), seeds)
def test_the_same_arguments_give_the_same_set(catalogue: Catalogue, way: list[Point], count: int, seed: int) -> None:
    targets = [Target(point) for point in way]

    assert rank(catalogue, targets, count=count, seed=seed) == rank(catalogue, targets, count=count, seed=seed)


def test_another_seed_gives_another_set() -> None:
    sets = {tuple(item.track.key for item in rank(GRID, [CENTRE], count=5, seed=seed)) for seed in range(30)}

    assert len(sets) > 20


def test_an_empty_catalogue_gives_an_empty_set() -> None:
    assert rank(Catalogue([]), [CENTRE], count=10, seed=1) == []


@pytest.mark.parametrize(("targets", "count"), [([], 1), ([CENTRE], -1)])
def test_a_set_needs_a_target_and_a_count(targets: list[Target], count: int) -> None:
    with pytest.raises(ValueError, match="at least one target"):
        rank(GRID, targets, count=count, seed=1)


@settings(deadline=None)
@given(catalogues(min_size=2), points, seeds)
def test_among_equal_tracks_the_closer_one_has_the_higher_score(catalogue: Catalogue, point: Point, seed: int) -> None:
    chosen = rank(catalogue, [Target(point)], count=len(catalogue), seed=seed)

    by_distance = sorted(chosen, key=lambda item: item.distance)
    for closer, farther in itertools.pairwise(by_distance):
        assert closer.score >= farther.score
        if farther.distance - closer.distance > 1e-6:
            assert closer.score > farther.score


def test_closer_tracks_are_chosen_more_often() -> None:
    # One row of tracks, so that percentiles are evenly spaced and only valence tells them apart.
    row = Catalogue(track(key, key / 20, 0.5) for key in range(21))
    first = Counter(rank(row, [CENTRE], count=1, seed=seed)[0].track.key for seed in range(3000))

    times = [first[10 + step] + first[10 - step] for step in range(1, 5)]
    assert 2 * first[10] > times[0] > times[1] > times[2] > times[3]


def test_a_track_is_chosen_as_often_as_its_chance_says() -> None:
    # Four tracks at two distances on each side; the chances of the first rank are known from any draw.
    row = Catalogue(track(key, key / 3, 0.5) for key in range(4))
    loose = Target(Point(0.5, 0.5), weights=Point(0.02, 1.0))
    drawn = [rank(row, [loose], count=1, seed=seed)[0] for seed in range(4000)]

    chances = {item.track.key: item.numbers["chance"] for item in drawn}
    times = Counter(item.track.key for item in drawn)
    assert sum(chances.values()) == pytest.approx(1)
    assert all(times[key] / len(drawn) == pytest.approx(chance, abs=0.03) for key, chance in chances.items())


def test_softness_leaves_more_than_the_nearest_track_a_chance() -> None:
    chosen = {item.track.key for seed in range(200) for item in rank(GRID, [CENTRE], count=1, seed=seed)}

    assert len(chosen) > 8


def test_the_kth_track_answers_the_kth_target() -> None:
    scores = {**dict.fromkeys(EMOTIONS, 0.0), Emotion.ANGER: 1.0}
    way = path(target(scores), Mode.SHIFT, Emotion.ANGER, 8)

    sets = [rank(GRID, way, count=8, seed=seed) for seed in range(60)]

    assert [item.target for item in sets[0]] == [step.point for step in way]
    valence = [sum(chosen[k].track.valence for chosen in sets) / len(sets) for k in range(8)]
    arousal = [sum(chosen[k].track.arousal for chosen in sets) / len(sets) for k in range(8)]
    assert valence[0] < 0.35 < 0.65 < valence[-1]
    assert arousal[0] > 0.65 > 0.3 > arousal[-1]
    assert all(math.dist((valence[k], arousal[k]), way[k].point) < 0.12 for k in range(8))


def test_past_the_last_target_the_path_has_arrived() -> None:
    chosen = rank(GRID, [CENTRE, Target(Point(0.9, 0.1))], count=4, seed=3)

    assert [item.target for item in chosen[1:]] == [Point(0.9, 0.1)] * 3


def test_distances_are_taken_in_the_percentiles_of_the_catalogue() -> None:
    # Nothing here is dark: the darkest track is still the natural answer to a dark target.
    bright = Catalogue(track(key, 0.8 + key / 1000, 0.5) for key in range(100))

    (only,) = rank(bright, [Target(Point(0.1, 0.5))], count=1, seed=0)

    assert only.track.valence < 0.84
    assert only.numbers["target_valence_percentile"] < 0.01


def test_a_free_axis_does_not_count() -> None:
    free = Target(Point(0.7, 0.9), weights=Point(0.0, 1.0))
    chosen = rank(GRID, [free], count=100, seed=0)

    by_row = {item.track.arousal: set() for item in chosen}  # type: dict[float, set[float]]
    for item in chosen:
        by_row[item.track.arousal].add(item.distance)
    assert all(len(distances) == 1 for distances in by_row.values())
    assert len({distance for distances in by_row.values() for distance in distances}) == 10


@settings(deadline=None)
@given(points, st.floats(0.01, 0.5))
def test_doubt_loosens_an_axis(point: Point, sd: float) -> None:
    sure, unsure = Target(point), Target(point, sd=Point(sd, 0.0))

    assert effective_weights(unsure).valence < effective_weights(sure).valence
    assert effective_weights(unsure).arousal == effective_weights(sure).arousal


def test_recently_played_tracks_are_pushed_down() -> None:
    row = Catalogue(track(key, 0.5, 0.5) for key in range(40))
    recent = frozenset(range(20))

    chosen = [item for seed in range(50) for item in rank(row, [CENTRE], count=5, seed=seed, recent=recent)]

    repeats = [item for item in chosen if item.track.key in recent]
    assert len(repeats) < len(chosen) / 8
    assert all(item.numbers["novelty"] < 1 for item in repeats)
    assert len(rank(row, [CENTRE], count=40, seed=0, recent=recent)) == 40


def test_keys_of_tracks_that_are_gone_are_passed_over() -> None:
    assert rank(GRID, [CENTRE], count=5, seed=2, recent={1000, "gone"}) == rank(GRID, [CENTRE], count=5, seed=2)


def test_explicit_recordings_stay_out_when_they_are_not_allowed() -> None:
    mixed = Catalogue(replace(track(key), explicit=key % 2 == 0) for key in range(20))

    chosen = rank(mixed, [CENTRE], count=20, seed=1, preferences=Preferences(allow_explicit=False))

    assert {item.track.key for item in chosen} == set(range(1, 20, 2))
    assert len(rank(mixed, [CENTRE], count=20, seed=1)) == 20


def test_preferred_languages_come_first_and_pieces_without_words_suit_all() -> None:
    tracks = [replace(track(key), language=("en", "fr", "")[key % 3], instrumental=key % 3 == 2) for key in range(60)]
    chosen = [
        item.track.language
        for seed in range(40)
        for item in rank(Catalogue(tracks), [CENTRE], count=5, seed=seed, preferences=Preferences(languages={"fr"}))
    ]

    share = {language: times / len(chosen) for language, times in Counter(chosen).items()}
    assert share["fr"] > 0.35
    assert share[""] > 0.35
    assert 0 < share["en"] < 0.15


def test_preferred_genres_come_first_and_do_not_shut_out_the_rest() -> None:
    tracks = [replace(track(key), genres=("jazz", "soul") if key % 2 else ("rock",)) for key in range(60)]
    chosen = [
        "jazz" in item.track.genres
        for seed in range(40)
        for item in rank(Catalogue(tracks), [CENTRE], count=5, seed=seed, preferences=Preferences(genres={"jazz"}))
    ]

    assert 0.65 < sum(chosen) / len(chosen) < 1


def test_preferred_decades_come_first_and_do_not_shut_out_the_rest() -> None:
    tracks = [replace(track(key), year=1994 if key % 2 else 2003) for key in range(60)]
    chosen = [
        item.track.decade
        for seed in range(40)
        for item in rank(Catalogue(tracks), [CENTRE], count=5, seed=seed, preferences=Preferences(eras={1990}))
    ]

    assert 0.65 < chosen.count(1990) / len(chosen) < 1


def test_a_track_of_no_known_genre_is_not_taken_for_one_of_another_genre() -> None:
    tracks = [replace(track(key), genres=() if key % 2 else ("rock",)) for key in range(60)]
    chosen = [
        item.track.genres == ()
        for seed in range(40)
        for item in rank(Catalogue(tracks), [CENTRE], count=5, seed=seed, preferences=Preferences(genres={"jazz"}))
    ]

    assert 0.65 < sum(chosen) / len(chosen) < 1


def test_tracks_of_ones_own_playlists_come_more_often_and_do_not_shut_out_the_rest() -> None:
    tracks, own = [track(key) for key in range(60)], range(0, 60, 2)
    chosen = [
        item.track.key in own
        for seed in range(40)
        for item in rank(Catalogue(tracks), [CENTRE], count=5, seed=seed, own=own)
    ]

    assert 0.65 < sum(chosen) / len(chosen) < 0.9


def test_a_blocked_artist_is_never_played_in_any_spelling_nor_as_a_guest() -> None:
    names = ["Beyoncé", "Someone feat. BEYONCE & Another", "Someone (feat. Another)", "Another", "Someone"]
    mixed = Catalogue(track(key, artist=name) for key, name in enumerate(names))

    def left(*blocked: str) -> set[int | str]:
        chosen = rank(mixed, [CENTRE], count=5, seed=1, preferences=Preferences(blocked_artists=frozenset(blocked)))
        return {item.track.key for item in chosen}

    assert left("beyonce") == {2, 3, 4}
    assert left("Another") == {0, 4}
    assert left("Someone", "Another") == {0}
    assert left("Some", "") == {0, 1, 2, 3, 4}


@settings(deadline=None)
@given(catalogues(min_size=1), points, points, points, seeds, st.sets(st.integers(0, 40)))
def test_the_numbers_explain_score_and_distance(
    catalogue: Catalogue, point: Point, sd: Point, weights: Point, seed: int, recent: set[int]
) -> None:
    aim = Target(point, sd, weights)
    chosen = rank(
        catalogue,
        [aim],
        count=5,
        seed=seed,
        recent=recent,
        preferences=Preferences(languages={"fr"}, genres={"pop"}, eras={1990}),
    )

    for item in chosen:
        numbers = item.numbers
        assert item.score == pytest.approx(
            numbers["fit"]
            * numbers["novelty"]
            * numbers["language"]
            * numbers["genre"]
            * numbers["era"]
            * numbers["own"]
            * numbers["personal"]
        )
        assert 0 < item.score <= 1
        assert 0 < numbers["chance"] <= 1
        assert item.distance == pytest.approx(
            math.sqrt(
                numbers["valence_weight"] * (numbers["valence_percentile"] - numbers["target_valence_percentile"]) ** 2
                + numbers["arousal_weight"]
                * (numbers["arousal_percentile"] - numbers["target_arousal_percentile"]) ** 2
            )
        )


@settings(deadline=None)
@given(catalogues(), points, st.sets(st.integers(0, 40)), seeds)
def test_what_must_not_come_does_not_even_when_nothing_else_is_left(
    catalogue: Catalogue, point: Point, without: set[int], seed: int
) -> None:
    chosen = rank(catalogue, [Target(point)], count=40, seed=seed, without=without)

    assert {item.track.key for item in chosen} == {item.key for item in catalogue.tracks} - without
