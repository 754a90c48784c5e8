"""Read exported playlists as both programs write them."""

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.catalogue import CatalogueError
from recommendations.circumplex import Point
from recommendations.exportify import parse_export

NEW = [
    "Track URI",
    "Track Name",
    "Album Name",
    "Artist Name(s)",
    "Release Date",
    "Duration (ms)",
    "Popularity",
    "Explicit",
    "Added By",
    "Added At",
    "Genres",
    "Record Label",
    "Danceability",
    "Energy",
    "Instrumentalness",
    "Valence",
]
SONG = {
    "Track URI": "spotify:track:0000000000000000000001",
    "Track Name": "A Song",
    "Artist Name(s)": "Somebody",
    "Release Date": "1999-05-04",
    "Explicit": "false",
    "Genres": "indie pop,dream pop",
    "Energy": "0.7",
    "Instrumentalness": "0.01",
    "Valence": "0.3",
}


def written(*rows, columns=NEW):
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({**SONG, **row} for row in rows)
    return io.StringIO(file.getvalue(), newline="")


def only(**row):
    (song,) = parse_export(written(row)).songs
    return song


def test_energy_and_valence_are_the_place_of_a_song():
    song = only()
    assert (song.title, song.artist, song.year, song.explicit) == ("A Song", "Somebody", 1999, False)
    assert song.place == Point(0.3, 0.7)
    assert song.genres == ("indie pop", "dream pop")


def test_the_older_program_names_its_columns_otherwise_and_tells_no_place():
    columns = ["Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album Release Date", "Explicit", "ISRC"]
    export = parse_export(written({"Album Release Date": "1985", "Explicit": "true"}, columns=columns))
    (song,) = export.songs
    assert (song.year, song.explicit, song.place, song.genres) == (1985, True, None, ())
    assert export.tells_explicit


@pytest.mark.parametrize(
    ("cell", "artist"),
    [
        ("Daft Punk;Pharrell Williams;Nile Rodgers", "Daft Punk feat. Pharrell Williams & Nile Rodgers"),
        ("Daft Punk, Pharrell Williams", "Daft Punk feat. Pharrell Williams"),
        ("Earth\\, Wind & Fire", "Earth, Wind & Fire"),
        ("Simon & Garfunkel", "Simon & Garfunkel"),
        ("Tyler, The Creator;A;B;C", "Tyler, The Creator feat. A, B & C"),
    ],
)
def test_the_first_artist_is_the_artist_and_the_others_are_guests(cell, artist):
    assert only(**{"Artist Name(s)": cell}).artist == artist


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("“Heroes” - 2017 Remaster", "“heroes”"),
        ("Yesterday - Remastered 2009", "yesterday"),
        ("Stan (feat. Dido)", "stan"),
        ("Wish You Were Here (2011 Remastered Version)", "wish you were here"),
        ("Hurt - Live", "hurt - live"),
        ("Ain't No Sunshine", "ain't no sunshine"),
    ],
)
def test_a_remaster_is_the_recording_itself_and_another_version_is_not(title, key):
    assert only(**{"Track Name": title}).key == f"somebody/{key}"


def test_a_song_that_stands_twice_counts_once():
    assert len(parse_export(written({}, {"Track Name": "A SONG - Remastered"}, {"Track Name": "B"})).songs) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Track Name": ""}, "Line 3: title or artist is empty."),
        ({"Artist Name(s)": " ; "}, "Line 3: title or artist is empty."),
        ({"Release Date": ""}, "names no year"),
        ({"Release Date": "0000"}, "names no year"),
        ({"Energy": "7"}, "energy '7' is not a number from 0 to 1"),
        ({"Valence": "nan"}, "valence 'nan' is not"),
        ({"Track Name": "x" * 301}, "too long"),
    ],
)
def test_a_line_that_cannot_be_used_is_told_and_the_others_come_in(change, said):
    export = parse_export(written({"Track Name": "Good"}, change))
    assert [song.title for song in export.songs] == ["Good"]
    (fault,) = export.faults
    assert said in fault


@pytest.mark.parametrize(
    "content", ["", "title,artist\nA,B\n", "Track Name,Artist Name(s)\nA,B\n", '"Track Name","Artist Name(s)\nopen']
)
def test_a_file_that_is_no_export_is_refused(content):
    with pytest.raises(CatalogueError):
        parse_export(io.StringIO(content, newline=""))


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(CatalogueError, match="not CSV in UTF-8"):
        parse_export(io.TextIOWrapper(io.BytesIO(b"Track Name,\xff\xfe"), encoding="utf-8-sig", newline=""))


@given(st.text(max_size=400))
def test_whatever_a_file_holds_it_is_read_or_refused(content):
    with contextlib.suppress(CatalogueError):
        assert all(song.title and song.artist for song in parse_export(io.StringIO(content, newline="")).songs)
