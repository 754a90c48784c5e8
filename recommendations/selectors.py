"""Read the catalogue and the sets of a person."""

from __future__ import annotations

from typing import Any

from emotion.models import EmotionReading
from recommendations.catalogue import Catalogue, CatalogueTrack
from recommendations.circumplex import Mode, default_mode
from recommendations.models import Recommendation, RecommendationSet, Track

RECENT_SETS = 5


def catalogue_load() -> Catalogue:
    """Return the whole catalogue, ready for ranking; the keys are the tracks' row ids."""
    return Catalogue(
        CatalogueTrack(
            key=track.pk,
            title=track.title,
            artist=track.artist,
            year=track.year,
            genres=tuple(track.genres),
            language=track.language,
            instrumental=track.instrumental,
            explicit=track.explicit,
            valence=track.valence,
            arousal=track.arousal,
            rated_by=track.rated_by,
        )
        for track in Track.objects.order_by("pk")
    )


def recent_tracks(*, user: Any, besides: EmotionReading) -> set[int]:
    """Return the ids of tracks in a person's latest sets for other readings."""
    sets = RecommendationSet.objects.for_user(user).exclude(reading=besides).order_by("-created_at", "-id")
    latest = list(sets.values_list("pk", flat=True)[:RECENT_SETS])
    return set(Recommendation.objects.filter(recommendation_set_id__in=latest).values_list("track_id", flat=True))


def mode_of(*, reading: EmotionReading) -> Mode:
    """Return the mode in force for a reading: the person's choice, or what suits the emotion."""
    return Mode(reading.capture.mode) if reading.capture.mode else default_mode(reading.emotion)


def set_of(*, reading: EmotionReading) -> RecommendationSet | None:
    """Return the set of a reading in the mode in force, with its tracks, or None while it is not built."""
    return reading.sets.filter(mode=mode_of(reading=reading)).prefetch_related("recommendations__track").first()
