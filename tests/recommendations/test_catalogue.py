"""Read catalogues, good and faulty, and prove what the shipped one holds."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.catalogue import (
    COLUMNS,
    STARTER,
    Catalogue,
    CatalogueError,
    CatalogueTrack,
    artist_key,
    read_catalogue,
)
from recommendations.circumplex import CALM, LIFTED, MILDLY_POSITIVE, Point

GOOD = {
    "title": "Águas de março",
    "artist": "Elis Regina",
    "year": "1974",
    "genres": "bossa nova|mpb",
    "language": "pt",
    "instrumental": "false",
    "explicit": "false",
    "valence": "0.84",
    "arousal": "0.44",
    "rated_by": "editorial",
}


def write(path: Path, *rows: dict[str, str]) -> Path:
    lines = [",".join(COLUMNS)]
    lines += [",".join(f'"{(GOOD | row)[name]}"' for name in COLUMNS) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def track(key: int, valence: float, arousal: float) -> CatalogueTrack:
    return CatalogueTrack(
        key=key,
        title=f"Title {key}",
        artist=f"Artist {key}",
        year=2000,
        genres=("pop",),
        language="en",
        instrumental=False,
        explicit=False,
        valence=valence,
        arousal=arousal,
        rated_by="editorial",
    )


def test_a_line_becomes_a_track(tmp_path: Path) -> None:
    (only,) = read_catalogue(write(tmp_path / "one.csv", {}))

    assert only == CatalogueTrack(
        key="elis regina/aguas de marco",
        title="Águas de março",
        artist="Elis Regina",
        year=1974,
        genres=("bossa nova", "mpb"),
        language="pt",
        instrumental=False,
        explicit=False,
        valence=0.84,
        arousal=0.44,
        rated_by="editorial",
    )


def test_a_byte_order_mark_and_another_order_of_columns_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "bom.csv"
    names = sorted(COLUMNS)
    path.write_text("\ufeff" + ",".join(names) + "\n" + ",".join(GOOD[name] for name in names), encoding="utf-8")

    assert read_catalogue(path) == read_catalogue(write(tmp_path / "one.csv", {}))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "title is empty"),
        ({"artist": ""}, "artist is empty"),
        ({"rated_by": ""}, "rated_by is empty"),
        ({"year": "1899"}, "year '1899'"),
        ({"year": "9999"}, "year '9999'"),
        ({"year": "last year"}, "year 'last year'"),
        ({"year": "١٩٧٤"}, "year"),
        ({"genres": "pop||rock"}, "empty or repeated"),
        ({"genres": "pop|pop"}, "empty or repeated"),
        ({"language": "Portuguese"}, "language 'Portuguese'"),
        ({"language": ""}, "language must be empty"),
        ({"instrumental": "true"}, "language must be empty"),
        ({"instrumental": "yes"}, "instrumental 'yes'"),
        ({"explicit": ""}, "explicit ''"),
        ({"valence": "1.01"}, "valence '1.01'"),
        ({"valence": "nan"}, "valence 'nan'"),
        ({"arousal": "-0.1"}, "arousal '-0.1'"),
        ({"arousal": "high"}, "arousal 'high'"),
    ],
)
def test_a_faulty_cell_is_named_with_its_line(tmp_path: Path, change: dict[str, str], said: str) -> None:
    path = write(tmp_path / "faulty.csv", {"title": "Another"}, change)

    with pytest.raises(CatalogueError) as caught:
        read_catalogue(path)

    (message,) = caught.value.messages
    assert message.startswith("line 3: ")
    assert said in message


def test_every_faulty_line_is_reported_at_once(tmp_path: Path) -> None:
    path = write(tmp_path / "faulty.csv", {"year": "x"}, {}, {"valence": "2"})

    with pytest.raises(CatalogueError, match="line 2") as caught:
        read_catalogue(path)

    assert [message.split(":")[0] for message in caught.value.messages] == ["line 2", "line 4"]


def test_a_recording_that_is_listed_twice_is_refused_whatever_its_spelling(tmp_path: Path) -> None:
    path = write(tmp_path / "twice.csv", {}, {"title": "AGUAS  DE MARCO"})

    with pytest.raises(CatalogueError, match=r"line 3: .* already on line 2"):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: the columns"),
        (b"title,artist\nOne,Two\n", "line 1: the columns"),
        (",".join([*COLUMNS, "spotify_id"]).encode(), "line 1: the columns"),
        ((",".join(COLUMNS) + "\na,b,c\n").encode(), "line 2: has not 10 cells"),
        ((",".join(COLUMNS) + "\n" + ",".join([*GOOD.values(), "more"])).encode(), "line 2: has not 10 cells"),
        ((",".join(COLUMNS) + '\n"open').encode(), "not CSV"),
        (b"\xff\xfe\x00\x01", "not CSV"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_in_words(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "other.csv"
    path.write_bytes(content)

    with pytest.raises(CatalogueError, match=said):
        read_catalogue(path)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Björk", "bjork", True),
        ("Nas", "Nas feat. Somebody", True),
        ("Nas", "NAS (ft. Somebody)", True),
        ("Simon & Garfunkel", "Simon", False),
        ("Daft Punk", "Daft Punkt", False),
        ("か", "が", False),
    ],
)
def test_an_artist_counts_once_whatever_the_spelling_or_the_guest(one: str, other: str, same: bool) -> None:
    assert (artist_key(one) == artist_key(other)) is same


def test_tracks_with_the_same_key_do_not_make_a_catalogue() -> None:
    with pytest.raises(ValueError, match="share a key"):
        Catalogue([track(1, 0.5, 0.5), track(1, 0.6, 0.6)])


axis = st.floats(0, 1)


@settings(deadline=None)
@given(st.lists(st.tuples(axis, axis), max_size=30), st.lists(axis, min_size=2, max_size=10))
def test_percentiles_rise_with_the_values_and_stay_in_the_unit_square(
    places: list[tuple[float, float]], values: list[float]
) -> None:
    catalogue = Catalogue(track(key, *place) for key, place in enumerate(places))

    mapped = [catalogue.percentile(Point(value, value)) for value in sorted(values)]

    for lower, higher in itertools.pairwise(mapped):
        assert 0 <= lower.valence <= higher.valence <= 1
        assert 0 <= lower.arousal <= higher.arousal <= 1


@settings(deadline=None)
@given(st.lists(st.tuples(axis, axis), min_size=1, max_size=30))
def test_a_track_lies_where_a_target_at_its_place_would(places: list[tuple[float, float]]) -> None:
    catalogue = Catalogue(track(key, *place) for key, place in enumerate(places))

    for index, place in enumerate(places):
        own = (catalogue.valence_percentile[index], catalogue.arousal_percentile[index])
        assert catalogue.percentile(Point(*place)) == pytest.approx(own)
    assert catalogue.valence_percentile.mean() == pytest.approx(0.5)


def test_the_ends_of_the_axes_are_the_ends_of_the_percentiles() -> None:
    catalogue = Catalogue([track(1, 0.4, 0.4), track(2, 0.6, 0.6)])

    assert catalogue.percentile(Point(0, 1)) == (0, 1)
    assert catalogue.percentile(Point(0.4, 0.6)) == (0.25, 0.75)
    assert catalogue.percentile(Point(0.5, 0.5)) == pytest.approx((0.5, 0.5))


def test_an_empty_catalogue_has_statistics_and_percentiles_too() -> None:
    empty = Catalogue([])

    assert empty.statistics.tracks == 0
    assert sum(empty.statistics.grid.values()) == 0
    assert empty.percentile(Point(0.3, 0.7)) == pytest.approx((0.3, 0.7))


def test_statistics_count_what_is_there() -> None:
    counts = Catalogue([track(1, 0, 0), track(2, 0.25, 0), track(3, 1, 1)]).statistics

    assert {cell: times for cell, times in counts.grid.items() if times} == {(0, 0): 1, (0, 1): 1, (3, 3): 1}
    assert (counts.tracks, counts.artists, counts.decades, counts.languages) == (3, 3, {2000: 3}, {"en": 3})


@pytest.fixture(scope="module")
def starter() -> Catalogue:
    return Catalogue(read_catalogue(STARTER))


def test_the_starter_catalogue_covers_the_plane(starter: Catalogue) -> None:
    counts = starter.statistics

    assert counts.tracks >= 800
    assert len(counts.grid) == 16
    assert min(counts.grid.values()) >= 25


@pytest.mark.parametrize("goal", [CALM, MILDLY_POSITIVE, LIFTED])
def test_wherever_a_path_leads_there_are_songs_for_several_sets(starter: Catalogue, goal: Point) -> None:
    near = [item for item in starter.tracks if math.dist((item.valence, item.arousal), goal) <= 0.12]

    assert len(near) >= 4 * 8


def test_the_starter_catalogue_covers_times_genres_and_languages(starter: Catalogue) -> None:
    counts = starter.statistics

    assert sum(tracks >= 10 for tracks in counts.decades.values()) >= 8
    assert sum(tracks >= 20 for tracks in counts.genres.values()) >= 10
    assert sum(tracks >= 5 for tracks in counts.languages.values()) >= 10
    assert {"en", "es", "fr", "pt", "de", "it", "ja", "ko", "hi", "ar", "tr", "is", "yo", "wo", "bm"} <= set(
        counts.languages
    )
    # English is the largest language and yet not much more than half of what is sung or played.
    assert counts.languages["en"] <= 0.55 * counts.tracks
    assert counts.instrumental >= 150


def test_the_starter_catalogue_uses_the_whole_range_of_both_axes(starter: Catalogue) -> None:
    for values in (
        np.array([item.valence for item in starter.tracks]),
        np.array([item.arousal for item in starter.tracks]),
    ):
        assert values.min() < 0.05
        assert values.max() > 0.95
        assert values.std() > 0.2


def test_the_starter_catalogue_leans_on_no_artist(starter: Catalogue) -> None:
    times = Counter(artist_key(item.artist) for item in starter.tracks)

    assert [artist for artist, tracks in times.items() if tracks > 4] == []


def test_the_starter_catalogue_names_its_raters_and_carries_no_ids(starter: Catalogue) -> None:
    header = STARTER.read_text(encoding="utf-8").splitlines()[0]

    assert tuple(header.split(",")) == COLUMNS
    assert {item.rated_by for item in starter.tracks} == {"editorial"}


def test_a_catalogue_that_is_extended_answers_as_one_of_all_its_tracks_would() -> None:
    shared = read_catalogue(STARTER)[:60]
    own = [replace(each, key=f"own {number}") for number, each in enumerate(read_catalogue(STARTER)[40:90])]
    base, whole = Catalogue(shared), Catalogue([*shared, *own])
    extended = base.extended(own)

    assert extended.tracks == whole.tracks
    assert extended.artists.tolist() == whole.artists.tolist()
    for name in ("explicit", "decades", "genre_counts"):
        assert getattr(extended, name).tolist() == getattr(whole, name).tolist()
    for each in whole.tracks:
        assert extended.with_keys([each.key]).tolist() == whole.with_keys([each.key]).tolist()
        assert sorted(extended.by_artists([each.artist])) == sorted(whole.by_artists([each.artist]))
        assert sorted(extended.in_genres(each.genres)) == sorted(whole.in_genres(each.genres))
        assert sorted(extended.in_languages([each.language])) == sorted(whole.in_languages([each.language]))
    assert extended.statistics == whole.statistics


def test_what_one_listener_brings_moves_nothing_else_on_the_axes() -> None:
    base = Catalogue(track(key, key / 20, key / 20) for key in range(20))
    own = [track(100 + key, 0.9, 0.9) for key in range(50)]
    extended = base.extended(own)

    assert extended.valence_percentile[:20].tolist() == base.valence_percentile.tolist()
    assert set(extended.valence_percentile[20:]) == {base.percentile(Point(0.9, 0.9)).valence}
    assert len(base) == 20
    assert base.with_keys([100]).size == 0
    assert base.by_artists(["Artist 100"]).size == 0


def test_a_catalogue_is_not_extended_by_what_it_has() -> None:
    base = Catalogue([track(1, 0.5, 0.5)])

    assert base.extended([]) is base
    with pytest.raises(ValueError, match="share a key"):
        base.extended([track(1, 0.6, 0.6)])
