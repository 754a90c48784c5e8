"""Name what a person wants to save or play: the tracks of a set, or of a listening session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recommendations.models import ListeningSession, RecommendationSet, SessionTrack
from recommendations.providers.spotify.cache import shown

AHEAD = (SessionTrack.State.PLAYING, SessionTrack.State.PLANNED)


@dataclass(frozen=True, slots=True)
class Music:
    """Hold where music comes from, as the columns that name it in SavedPlaylist, and its tracks in order."""

    source: dict[str, Any]
    track_ids: tuple[int, ...]

    def found(self) -> dict[int, str]:
        """Return how Spotify names the tracks, in order; those that were not found there are left out. One query."""
        on_spotify = shown(self.track_ids)
        return {track_id: on_spotify[track_id].uri for track_id in self.track_ids if track_id in on_spotify}


def set_music(found: RecommendationSet) -> Music:
    """Return the music of a set."""
    return Music({"recommendation_set": found}, tuple(row.track_id for row in found.recommendations.all()))


def session_music(session: ListeningSession) -> Music:
    """Return the whole path of a session but what was skipped."""
    tracks = session.tracks.exclude(state=SessionTrack.State.SKIPPED)
    return Music({"listening_session": session}, tuple(tracks.values_list("track", flat=True)))


def session_music_ahead(session: ListeningSession) -> Music:
    """Return what is left of a session, beginning with the track that plays."""
    tracks = session.tracks.filter(state__in=AHEAD)
    return Music({"listening_session": session}, tuple(tracks.values_list("track", flat=True)))
