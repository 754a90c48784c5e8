"""Turn a reading and its set into what the result page shows. No decisions."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from emotion.models import EmotionReading
from mood_music.messages import message
from recommendations.circumplex import Mode
from recommendations.drawing import apart, point
from recommendations.learning import Kind
from recommendations.models import Recommendation, RecommendationSet, SessionTrack
from recommendations.providers.spotify.cache import shown
from recommendations.spotify_links import search_url

MODE_WORDS: dict[Mode, tuple[str, str]] = {
    Mode.MATCH: ("Match", "Music that meets the mood where it is."),
    Mode.SHIFT: ("Shift", "Begins with the mood and moves on in small steps."),
    Mode.LIFT: ("Lift", "Bright and lively from the first track."),
    Mode.KEEP: ("Keep", "Holds on to a mood that feels right."),
}


FEEDBACK_WORDS: dict[Kind, str] = {
    Kind.LIKE: "Like",
    Kind.DISLIKE: "Dislike",
    Kind.SKIP: "Skip",
    Kind.MORE: "More like this",
    Kind.NOT_THIS_MOOD: "Wrong mood",
}
SPELLED = frozenset({Kind.MORE, Kind.NOT_THIS_MOOD})
"""The words that no icon says on its own."""


MOST_PERCENT = 99
"""No network is certain: a score that would round to a hundred is shown as less."""


def scores(reading: EmotionReading) -> list[dict[str, Any]]:
    """Return all eight scores, the highest first."""
    ordered = sorted(reading.scores.items(), key=lambda item: -item[1])
    return [
        {"emotion": name, "label": name.capitalize(), "score": score, "percent": min(MOST_PERCENT, round(100 * score))}
        for name, score in ordered
    ]


def verdict(reading: EmotionReading) -> str:
    """Return the reading in one honest sentence: an expression that was seen, not a feeling that is known."""
    if reading.corrected:
        return f"You said: {reading.label.lower()}"
    first, second = (row["label"].lower() for row in scores(reading)[:2])
    if reading.sure:
        return f"Looks like {first}"
    return f"Not sure: perhaps {first}, perhaps {second}"


def advice(reading: EmotionReading) -> list[str]:
    """Return what would make the next reading surer."""
    return [message(f"advice.{code}").text for code in reading.quality["advice"]]


def faces(reading: EmotionReading) -> dict[str, Any] | None:
    """Return the outline of the picture with all faces, or None when there was only one."""
    if len(reading.faces) < 2:
        return None
    return {
        "width": reading.picture_width,
        "height": reading.picture_height,
        "boxes": [{**box, "read": number == 0} for number, box in enumerate(reading.faces)],
    }


def modes(active: Mode) -> list[dict[str, Any]]:
    """Return the four modes, the one in force marked."""
    return [
        {"value": mode.value, "label": label, "description": description, "active": mode is active}
        for mode, (label, description) in MODE_WORDS.items()
    ]


def tracks(found: RecommendationSet, said: Mapping[int, AbstractSet[str]] | None = None) -> list[dict[str, Any]]:
    """Return the rows of the set, each with what Spotify says of the track once that is known.

    `said` is what the person said about the tracks: track id to kinds.
    """
    rows = list(found.recommendations.all())
    on_spotify = shown(each.track_id for each in rows)
    return [
        {
            "rank": each.rank,
            "track": each.track,
            "reason": each.reason,
            "spotify": on_spotify.get(each.track_id),
            "spotify_url": search_url(each.track.title, each.track.artist),
            "numbers": numbers(each),
            **words(each, (said or {}).get(each.track_id, frozenset())),
        }
        for each in rows
    ]


NUMBER_WORDS: dict[str, str] = {
    "fit": "How near it lies to the point that the music aims at",
    "novelty": "Not heard lately",
    "language": "Your languages",
    "genre": "Your genres",
    "era": "Your decades",
    "own": "In your own playlists",
    "personal": "What you said about songs",
}
"""The factors of a score, in words. 1 leaves the chance of a song as it is; more raises it, less lowers it."""


def numbers(each: Recommendation) -> dict[str, Any]:
    """Return the numbers that led to a recommendation; sets of earlier versions of the site lack some."""
    known = each.numbers
    factors = [{"label": label, "value": known[name]} for name, label in NUMBER_WORDS.items() if name in known]
    return {"factors": factors, "score": each.score, "percent": 100 * known["chance"] if "chance" in known else None}


def words(each: Recommendation | SessionTrack, said: AbstractSet[str]) -> dict[str, Any]:
    """Return what can be said about a track of a set or a session, and what was."""
    return {
        "rank": each.rank,
        "track": each.track,
        "words": [
            {"kind": kind.value, "label": label, "given": kind.value in said, "spelled": kind in SPELLED}
            for kind, label in FEEDBACK_WORDS.items()
        ],
        "said_anything": bool(said),
    }


def plane(found: RecommendationSet) -> dict[str, Any]:
    """Return the drawing of a set on the plane."""
    rows = found.recommendations.all()
    dots = apart([point(each.track.valence, each.track.arousal) for each in rows])
    return {
        "start": point(found.start_valence, found.start_arousal),
        "goal": point(found.goal_valence, found.goal_arousal),
        "moves": (found.start_valence, found.start_arousal) != (found.goal_valence, found.goal_arousal),
        "tracks": [{**dot, "rank": each.rank, "title": each.track.title} for each, dot in zip(rows, dots, strict=True)],
    }
