import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommendations.catalogue import STARTER, read_catalogue
from recommendations.providers.spotify.matching import ACCEPTED, Candidate, best_match, match_score

WORDS = st.text(alphabet="abcdefxyzåéñøüßβдж中文かな0189", min_size=1, max_size=12)
TITLES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
WRONG = [
    "{} - Live",
    "{} - Live at Wembley Stadium",
    "{} (Live)",
    "{} [Live in Paris, 1999]",
    "{} (Karaoke Version)",
    "{} (Originally Performed by Somebody)",
    "{} - Club Remix",
    "{} (Extended Mix)",
    "{} - Acoustic",
    "{} (Cover)",
    "{} - Sped Up",
    "{} (Instrumental)",
    "{} - Demo",
    "{} (Take 3)",
    "{} - Piano Version",
    "{} (Re-Recorded)",
    "{} (Taylor's Version)",
    "{} - MTV Unplugged",
]


def candidate(name, artist="Artist", album="Album", year=2000, number=0):
    return Candidate(
        f"spotify:track:{number:022d}", name, (artist,) if isinstance(artist, str) else artist, album, year
    )


def accepted(title, artist, found, year=2000):
    return best_match(title, artist, year, [found]) is not None


@pytest.mark.parametrize(
    ("title", "artist", "name", "artists"),
    [
        ("Respect", "Aretha Franklin", "Respect", ("Aretha Franklin",)),
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody - Remastered 2011", ("Queen",)),
        ("Here Comes the Sun", "The Beatles", "Here Comes The Sun (2019 Mix)", ("The Beatles",)),
        ("Good Vibrations", "The Beach Boys", "Good Vibrations (Mono)", ("Beach Boys",)),
        ("(Sittin' On) The Dock of the Bay", "Otis Redding", "Sittin\u2019 on the Dock of the Bay", ("Otis Redding",)),
        ("Crazy in Love", "Beyoncé", "Crazy In Love (feat. Jay-Z)", ("Beyonce", "JAY-Z")),
        ("The Sound of Silence", "Simon & Garfunkel", "The Sound of Silence", ("Simon and Garfunkel",)),
        ("Under Pressure", "Queen & David Bowie", "Under Pressure", ("Queen", "David Bowie")),
        ("Under Pressure", "Queen", "Under Pressure", ("Queen", "David Bowie")),
        ("Live Forever", "Oasis", "Live Forever - Remastered", ("Oasis",)),
        ("Live and Let Die", "Wings", "Live And Let Die", ("Paul McCartney", "Wings")),
        ("Ágætis byrjun", "Sigur Rós", "Agaetis byrjun", ("Sigur Ros",)),
        ("上を向いて歩こう", "坂本九", "上を向いて歩こう", ("坂本九",)),
        ("Ne me quitte pas", "Jacques Brel", "Ne Me Quitte Pas", ("Jacques Brel",)),
        ("Gymnopédie No. 1", "Erik Satie", "Gymnopédie No.1", ("Erik Satie", "Somebody at the Piano")),
        ("Folsom Prison Blues (Live)", "Johnny Cash", "Folsom Prison Blues - Live at Folsom", ("Johnny Cash",)),
    ],
)
def test_the_right_recording_is_taken_however_it_is_written(title, artist, name, artists):
    assert accepted(title, artist, candidate(name, artists))


@pytest.mark.parametrize(
    ("title", "artist", "name", "artists", "album"),
    [
        ("Respect", "Aretha Franklin", "Respect", ("Otis Redding",), ""),
        ("Hurt", "Johnny Cash", "Hurt", ("Nine Inch Nails",), ""),
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody", ("Queen Tribute Band",), ""),
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody", ("Queens of the Stone Age",), ""),
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody", ("Queen",), "Live at Wembley"),
        ("Bohemian Rhapsody", "Queen", "Bohemian Rhapsody", ("Queen",), "Karaoke Hits of the 70s"),
        ("Yesterday", "The Beatles", "Yesterday Once More", ("The Beatles",), ""),
        ("Hello", "Adele", "Hello", ("Lionel Richie",), ""),
        ("Hello", "Adele", "Hello", ("A Tribute to Adele",), ""),
        ("Hello", "Adele", "Hello (In the Style of Adele)", ("Adele",), ""),
        ("Clocks", "Coldplay", "Clocks", ("Lullaby Renditions of Coldplay",), "Lullaby Renditions of Coldplay"),
        ("Jolene", "Dolly Parton", "Jolene", ("Dolly",), ""),
        ("Folsom Prison Blues (Live)", "Johnny Cash", "Folsom Prison Blues", ("Johnny Cash",), ""),
        ("Layla", "Eric Clapton", "Layla", ("Eric Clapton",), "Unplugged"),
        ("Song 2", "Blur", "Song 3", ("Blurred Lines",), ""),
    ],
)
def test_another_recording_is_refused(title, artist, name, artists, album):
    assert not accepted(title, artist, candidate(name, artists, album))


@pytest.mark.parametrize("wrong", WRONG)
def test_every_kind_of_wrong_version_is_refused_and_passed_over_for_the_right_one(wrong):
    bad = candidate(wrong.format("Song"), number=1)
    assert not accepted("Song", "Artist", bad)
    good = candidate("Song", number=2)
    assert best_match("Song", "Artist", 2000, [bad, good]).candidate is good


def test_of_two_right_ones_the_nearer_year_wins_and_of_equals_the_first():
    late, early = candidate("Song", year=2019, number=1), candidate("Song", year=2000, number=2)
    assert best_match("Song", "Artist", 2000, [late, early]).candidate is early
    twin = candidate("Song", year=2000, number=3)
    assert best_match("Song", "Artist", 2000, [early, twin]).candidate is early


def test_nothing_found_is_no_match():
    assert best_match("Song", "Artist", 2000, []) is None


@given(TITLES, TITLES)
def test_a_recording_matches_itself_whatever_its_case(title, artist):
    found = candidate(title.upper(), artist.lower())
    assert match_score(title, artist, 2000, found) >= ACCEPTED


@given(TITLES, TITLES, st.sampled_from(WRONG))
def test_no_title_makes_a_wrong_version_right(title, artist, wrong):
    assert not accepted(title, artist, candidate(wrong.format(title), artist))


@given(TITLES, TITLES, TITLES, TITLES)
def test_a_score_lies_between_nought_and_one(title, artist, name, other):
    assert 0 <= match_score(title, artist, 1990, candidate(name, other)) <= 1


def test_every_track_of_the_catalogue_matches_itself():
    for track in read_catalogue(STARTER):
        assert accepted(track.title, track.artist, candidate(track.title, track.artist, year=track.year), track.year)
