"""Check the links to Spotify's search page."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from hypothesis import given, settings
from hypothesis import strategies as st

from recommendations.spotify_links import search_url

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def test_a_link_searches_for_title_and_artist() -> None:
    assert search_url("Águas de Março", "Elis Regina") == (
        "https://open.spotify.com/search/%C3%81guas%20de%20Mar%C3%A7o%20Elis%20Regina"
    )


def test_characters_that_mean_something_in_an_address_are_escaped() -> None:
    assert search_url("Back in Black?", "AC/DC #1 & friends").endswith(
        "/search/Back%20in%20Black%3F%20AC%2FDC%20%231%20%26%20friends"
    )


@settings(deadline=None)
@given(words, words)
def test_any_words_stay_one_path_segment_that_reads_back_as_they_were(title: str, artist: str) -> None:
    parts = urlsplit(search_url(title, artist))

    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "open.spotify.com", "", "")
    assert parts.path.count("/") == 2
    assert unquote(parts.path.removeprefix("/search/")).split() == f"{title} {artist}".split()
