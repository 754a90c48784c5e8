"""What the recommendations app holds of a person: declared to the privacy registry."""

from __future__ import annotations

from django.conf import settings

from privacy.purposes import Purpose
from privacy.registry import Basis, DataCategory, RetentionRule, Table, excuse, register, register_rule
from recommendations import own_music

OUR_NUMBER = "a row number of ours"


def register_all() -> None:
    """Declare the music that was recommended and what shapes it."""
    register(
        DataCategory(
            name="music",
            label="Music that was recommended to you",
            why="So that each reading shows the music that went with it, and the next one brings other songs.",
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_HISTORY,
            retention="As long as the reading it belongs to.",
            sensitive=True,
            hangs_on="readings",
            tables=(
                Table(
                    model="recommendations.RecommendationSet",
                    fields=(
                        "reading__capture__public_id",
                        "created_at",
                        "mode",
                        "start_valence",
                        "start_arousal",
                        "goal_valence",
                        "goal_arousal",
                        "edition",
                    ),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
                Table(
                    model="recommendations.Recommendation",
                    owner="recommendation_set__user",
                    created="",
                    fields=(
                        "recommendation_set__reading__capture__public_id",
                        "recommendation_set__mode",
                        "rank",
                        "track__title",
                        "track__artist",
                        "score",
                        "reason",
                        "numbers",
                    ),
                    withheld={"id": OUR_NUMBER},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="music_preferences",
            label="Your music preferences",
            why="So that the music is of a kind that you like to hear.",
            basis=Basis.CONTRACT,
            retention="Until you clear them on the preferences page, or delete your account.",
            tables=(
                Table(
                    model="recommendations.ListenerPreferences",
                    created="updated_at",
                    fields=(
                        "updated_at",
                        "genres",
                        "eras",
                        "languages",
                        "blocked_artists",
                        "allow_explicit",
                        "default_modes",
                        "companion",
                        "help_line",
                    ),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="own_music",
            label="Songs of your own playlists",
            why="So that songs that you love can come in your music.",
            basis=Basis.CONTRACT,
            retention=f"{settings.SPOTIFY_CACHE_DAYS} days after you brought them in, or until you delete them.",
            tables=(
                Table(
                    model="recommendations.Track",
                    owner="owner",
                    created="",
                    fields=(
                        "title",
                        "artist",
                        "year",
                        "genres",
                        "instrumental",
                        "explicit",
                        "valence",
                        "arousal",
                        "rated_by",
                        "expires_at",
                    ),
                    withheld={
                        "id": OUR_NUMBER,
                        "owner": "you",
                        "key": "title and artist once more, as we compare them",
                        "language": "empty: an export does not tell it",
                    },
                ),
            ),
            erase=lambda subject: own_music.own_music_delete(user_id=subject.user_id),
        )
    )
    register(
        DataCategory(
            name="track_feedback",
            label="What you said about songs",
            why=(
                "So that the next songs suit you better. Added up over at least ten people, it also corrects where a "
                "song stands on the map of moods; if you limit the use of your moods, yours is left out."
            ),
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_HISTORY,
            retention="Until you take it back or delete the reading. Without a history it goes with the reading.",
            sensitive=True,
            tables=(
                Table(
                    model="recommendations.TrackFeedback",
                    fields=(
                        "reading__capture__public_id",
                        "created_at",
                        "track__title",
                        "track__artist",
                        "kind",
                        "valence",
                        "arousal",
                    ),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
            ),
        )
    )
    register(
        DataCategory(
            name="saved_playlists",
            label="Playlists that you saved to Spotify",
            why="So that saving the same music again makes no second playlist.",
            basis=Basis.CONSENT,
            purpose=Purpose.SPOTIFY_LINK,
            retention=f"{settings.SPOTIFY_CACHE_DAYS} days, or until you disconnect; the playlist at Spotify is yours.",
            tables=(
                Table(
                    model="recommendations.SavedPlaylist",
                    fields=(
                        "recommendation_set__reading__capture__public_id",
                        "listening_session__public_id",
                        "url",
                        "created_at",
                        "filled_at",
                        "expires_at",
                    ),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": "you",
                        "playlist_id": "stands in the address",
                        "track_ids": "stand in the set or the session",
                        "claim_token": "a mark of ours while the playlist is made",
                        "claimed_until": "a mark of ours while the playlist is made",
                    },
                ),
            ),
        )
    )
    _register_sessions()
    register_rule(
        RetentionRule(
            name="own_music",
            what="Songs that people brought from their playlists",
            term=f"{settings.SPOTIFY_CACHE_DAYS} days",
            due=lambda: own_music.past_term().count(),
            apply=own_music.own_music_expire,
        )
    )
    excuse("recommendations.RatingProposal", "a count and a mean over at least ten people; nothing of one person")
    excuse("recommendations.RatingChange", "how a track's rating changed; nothing of a person")
    excuse("recommendations.CatalogueRevision", "a random number for the state of the catalogue; nothing of a person")
    excuse("recommendations.SpotifyTrack", "what Spotify calls a track of the catalogue; nothing of a person")
    excuse("recommendations.ProviderState", "whether Spotify may be called now; nothing of a person")


def _register_sessions() -> None:
    session = "session__public_id"
    register(
        DataCategory(
            name="listening_sessions",
            label="Listening sessions, and how you felt before and after",
            why="So that a session can lead on from where you are, show what it changed, and learn what helps you.",
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_HISTORY,
            retention="As long as the reading it began with, or the newest one it took in.",
            sensitive=True,
            tables=(
                Table(
                    model="recommendations.ListeningSession",
                    fields=(
                        "public_id",
                        "created_at",
                        "ended_at",
                        "status",
                        "first_mode",
                        "mode",
                        "first_reading__capture__public_id",
                        "reading__capture__public_id",
                        "awaited__public_id",
                        "goal_valence",
                        "goal_arousal",
                    ),
                    withheld={"id": OUR_NUMBER, "user": "you"},
                ),
                Table(
                    model="recommendations.SessionTrack",
                    owner="session__user",
                    created="",
                    fields=(
                        session,
                        "rank",
                        "track__title",
                        "track__artist",
                        "state",
                        "mode",
                        "reading__capture__public_id",
                        "target_valence",
                        "target_arousal",
                        "target_sd",
                        "target_weights",
                        "reason",
                        "numbers",
                    ),
                    withheld={"id": OUR_NUMBER},
                ),
                Table(
                    model="recommendations.SessionMood",
                    owner="session__user",
                    fields=(
                        session,
                        "created_at",
                        "moment",
                        "said",
                        "valence",
                        "arousal",
                        "heard",
                        "reading__capture__public_id",
                    ),
                    withheld={"id": OUR_NUMBER},
                ),
            ),
        )
    )
