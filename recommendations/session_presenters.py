"""Turn a listening session into what its page shows. No queries of its own, no decisions."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from recommendations import change
from recommendations.circumplex import Mode
from recommendations.drawing import apart, point
from recommendations.learning import Kind
from recommendations.models import ListeningSession, SessionMood, SessionTrack
from recommendations.presenters import MODE_WORDS, words
from recommendations.providers.spotify.cache import shown
from recommendations.session_selectors import Standing, change_between
from recommendations.spotify_links import search_url

State = SessionTrack.State
FACES = ("Very bad", "Bad", "In between", "Good", "Very good")
ENERGIES = ("Very calm", "Calm", "In between", "Lively", "Very lively")
SAID = {
    SessionMood.Said.READING: "read from your face",
    SessionMood.Said.WORD: "your own word",
    SessionMood.Said.TAPS: "your two taps",
}


def playing(row: SessionTrack, said: AbstractSet[str]) -> dict[str, Any]:
    """Return the track that plays, with what Spotify says of it once that is known, and what its person can say.

    Skipping has a button of its own here.
    """
    to_say = [word for word in words(row, said)["words"] if word["kind"] != Kind.SKIP]
    return {**track(row), "spotify": shown([row.track_id]).get(row.track_id), "words": to_say}


def track(row: SessionTrack) -> dict[str, Any]:
    """Return one track of the path."""
    return {
        "rank": row.rank,
        "track": row.track,
        "reason": row.reason,
        "state": row.state,
        "state_label": row.get_state_display(),
        "spotify_url": search_url(row.track.title, row.track.artist),
    }


def modes(session: ListeningSession) -> list[dict[str, Any]]:
    """Return the four modes, the one in force marked."""
    return [
        {"value": mode.value, "label": label, "description": description, "active": mode.value == session.mode}
        for mode, (label, description) in MODE_WORDS.items()
    ]


def plane(session: ListeningSession, standing: Standing) -> dict[str, Any]:
    """Return the drawing of the session: the way across the plane, where it stands, where it leads, each track."""
    way = [point(row.target_valence, row.target_arousal) for row in standing.tracks]
    here = standing.current or next((row for row in reversed(standing.tracks) if row.state != State.PLANNED), None)
    dots = apart([point(row.track.valence, row.track.arousal) for row in standing.tracks])
    first = standing.before
    start = point(first.valence, first.arousal) if first else way[0]
    return {
        "start": start,
        "goal": point(session.goal_valence, session.goal_arousal),
        "moves": any(each != start for each in way),
        "way": " ".join(f"{each['x']},{each['y']}" for each in way),
        "here": point(here.target_valence, here.target_arousal) if here else None,
        "told": point(standing.after.valence, standing.after.arousal) if standing.after else None,
        "tracks": [
            {**dot, "rank": row.rank, "title": row.track.title, "state": row.state}
            for row, dot in zip(standing.tracks, dots, strict=True)
        ],
    }


def moods(standing: Standing) -> dict[str, Any] | None:
    """Return both moods and the change between them in words, or None until both are told."""
    found = standing.change
    if found is None or standing.before is None or standing.after is None:
        return None
    return {
        "words": change.words(found),
        "before": SAID[SessionMood.Said(standing.before.said)],
        "after": SAID[SessionMood.Said(standing.after.said)],
        "alike": found.alike,
    }


def scale() -> dict[str, Any]:
    """Return the two scales of five steps, each step with its words."""
    return {
        "faces": [{"step": step, "label": label} for step, label in enumerate(FACES, 1)],
        "energies": [{"step": step, "label": label} for step, label in enumerate(ENERGIES, 1)],
    }


def listed(session: ListeningSession) -> dict[str, Any]:
    """Return one session as a row of the list: when, in which mode, how many tracks, and the change."""
    told = {mood.moment: mood for mood in session.moods.all()}
    rows = session.tracks.all()
    before, after = told.get(SessionMood.Moment.BEFORE), told.get(SessionMood.Moment.AFTER)
    return {
        "session": session,
        "emotion": session.first_reading.emotion,
        "mode": MODE_WORDS[Mode(session.mode)][0],
        "heard": sum(row.state == State.DONE for row in rows),
        "change": change_words(before, after),
    }


def change_words(before: SessionMood | None, after: SessionMood | None) -> str:
    """Return the change between two moods in words, or nothing while one of them is missing."""
    return change.words(change_between(before, after)) if before and after else ""
