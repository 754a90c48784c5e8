"""Decide which of the recordings that a search found is the one that was meant, if any is.

Plain Python. A wrong version is worse than none: a karaoke track, a live take or somebody else's cover carries another
mood than the recording that was rated. So versions are compared first and must agree; only then does likeness count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

ACCEPTED = 0.85
"""Least score of a match. Weights: title .60, artist .35, year .05; below it the words differ, not their spelling."""
_TITLE, _ARTIST, _YEAR = 0.60, 0.35, 0.05
# What likeness each has to reach by itself: a perfect title must not outweigh a stranger's name.
_LEAST_TITLE, _LEAST_ARTIST = 0.85, 0.88

# Marks of a version that is another recording, looked for beside the title: in brackets or after a dash.
_VERSIONS = {
    "live": r"live|unplugged|in concert|bootleg|mtv",
    "karaoke": r"karaoke|backing track|sing ?along",
    "remix": r"remix|rmx|mashup|rework|flip|(?:club|dance|house|extended|dub|vip|disco) (?:mix|version|edit)",
    "cover": r"cover|tribute|salute to|in the style of|(?:made famous|(?:originally|as) (?:performed|recorded)) by",
    "acoustic": r"acoustic|stripped|piano version|orchestral version|string quartet",
    "instrumental": r"instrumental",
    "speed": r"sped up|speed up|slowed|nightcore|8d audio|chopped",
    "draft": r"demo|rehearsal|outtake|alternate|alternative version|early version|take \d+",
    "vocal": r"a ?cappella|acapella",
    "lullaby": r"lullaby|music box|8[- ]?bit",
    "again": r"re-?record\w*|\w+['\u2019]s version",
}
_VERSION = {name: re.compile(rf"\b(?:{words})\b") for name, words in _VERSIONS.items()}
# These give a wrong version away wherever they stand: in the title, among the artists, in the album's name.
_ANYWHERE = re.compile(
    r"\b(?:karaoke|tribute (?:to|band|album|version)|the tribute|in the style of|made famous by|originally performed by"
    r"|cover(?:s)? (?:of|band|version)|lullaby (?:versions|renditions)|backing tracks?)\b"
)
_LIVE_ALBUM = re.compile(r"\blive (?:at|in|from|on)\b|[(\[]live\b|\bunplugged\b|\bin concert\b|\blive$")
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_DASH = re.compile(r"\s[-\u2013\u2014]\s")
_FEATURING = re.compile(r"\b(?:feat|featuring|ft|with)\b\.?.*$")
_BETWEEN_ARTISTS = re.compile(r"\s*(?:,|;|/|&|\+|\band\b|\bwith\b|\bfeat(?:uring)?\b\.?|\bft\b\.?|\bvs\b\.?|\bx\b)\s*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Describe one recording that a search found. `image_url` is the cover's address, empty when there is none."""

    uri: str
    name: str
    artists: tuple[str, ...]
    album: str = ""
    year: int | None = None
    image_url: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Hold the recording that was meant, and how like it is: 0 to 1."""

    candidate: Candidate
    score: float


def best_match(title: str, artist: str, year: int | None, candidates: Iterable[Candidate]) -> Match | None:
    """Return the candidate with the best score, the first of equals, or None when none is good enough."""
    best: Match | None = None
    for candidate in candidates:
        score = match_score(title, artist, year, candidate)
        if score >= ACCEPTED and (best is None or score > best.score):
            best = Match(candidate, score)
    return best


def match_score(title: str, artist: str, year: int | None, candidate: Candidate) -> float:
    """Return how like a candidate is to the recording that was meant, 0 to 1; 0 for another version of it."""
    if _anywhere(candidate) and not _ANYWHERE.search(_plain(f"{title} {artist}")):
        return 0.0
    if versions(title) != _versions_of(candidate, versions(title)):
        return 0.0
    by_title, by_artist = _title_likeness(title, candidate.name), _artist_likeness(artist, candidate.artists)
    if by_title < _LEAST_TITLE or by_artist < _LEAST_ARTIST:
        return 0.0
    by_year = 0.5 if year is None or candidate.year is None else max(0.0, 1 - abs(year - candidate.year) / 20)
    return _TITLE * by_title + _ARTIST * by_artist + _YEAR * by_year


def versions(title: str) -> frozenset[str]:
    """Return which versions a title declares itself to be, by what stands in brackets or after a dash."""
    beside = " | ".join(_qualifiers(title.casefold()))
    return frozenset(name for name, pattern in _VERSION.items() if pattern.search(beside))


def _versions_of(candidate: Candidate, wanted: frozenset[str]) -> frozenset[str]:
    found = versions(candidate.name)
    # A live album's tracks often do not say so themselves; one that was wanted live may stand on any album.
    return found | {"live"} if _LIVE_ALBUM.search(candidate.album.casefold()) and "live" not in wanted else found


def _anywhere(candidate: Candidate) -> bool:
    return bool(_ANYWHERE.search(_plain(" | ".join([candidate.name, *candidate.artists, candidate.album]))))


def _qualifiers(text: str) -> list[str]:
    return [*_BRACKETS.findall(text), *_DASH.split(_BRACKETS.sub(" ", text))[1:]]


def _plain(text: str) -> str:
    """Fold case, accents and kinds of punctuation away; letters of every script stay."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("&", " and ").replace("\u2019", "'"))
    unaccented = "".join(c for c in folded if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w|]+", " ", unaccented.replace("'", "")).split())


def _forms(title: str) -> set[str]:
    """Return a title's forms: whole, without what stands beside it, and with its brackets opened."""
    lowered = title.casefold()
    without = _BRACKETS.sub(" ", lowered)
    opened = lowered.translate(str.maketrans("()[]", "    "))
    shapes = {lowered, opened, without, _DASH.split(without)[0], _DASH.split(opened)[0], _FEATURING.sub("", without)}
    return {plain for plain in map(_plain, shapes) if plain}


def _title_likeness(wanted: str, found: str) -> float:
    return max((_likeness(a, b) for a in _forms(wanted) for b in _forms(found)), default=0.0)


def _artist_likeness(wanted: str, found: tuple[str, ...]) -> float:
    """Compare the names as a whole, or each wanted artist with the best of those found; the worst one counts."""
    whole = _likeness(_name(wanted), _name(" and ".join(found)))
    single = max((_likeness(_name(wanted), _name(one)) for one in found), default=0.0)
    parts = [part for part in _BETWEEN_ARTISTS.split(wanted.casefold()) if _name(part)]
    each = [max((_likeness(_name(part), _name(one)) for one in found), default=0.0) for part in parts]
    return max(whole, single, min(each, default=0.0))


def _name(artist: str) -> str:
    return _plain(artist).removeprefix("the ")


def _likeness(a: str, b: str) -> float:
    if a == b:
        return 1.0 if a else 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()
