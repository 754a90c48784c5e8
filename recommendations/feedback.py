"""Store what a person says about a track, wherever she says it: beside a result, or in a listening session."""

from __future__ import annotations

from django.db import transaction

from mood_music.errors import UserError
from recommendations.circumplex import Point
from recommendations.learning import OPPOSITES, Kind
from recommendations.models import TrackFeedback


def word_set(*, user_id: int, reading_id: int, track_id: int, point: Point, kind: str, given: bool) -> None:
    """Take a word about a track that was to answer `point`, or take it back; what contradicts it goes.

    Saying it twice is saying it once. Raises UserError for a word that is none of ours.
    """
    if kind not in set(Kind):
        raise UserError("unknown_feedback")
    said = TrackFeedback.objects.filter(reading_id=reading_id, track_id=track_id)
    with transaction.atomic():
        if not given:
            said.filter(kind=kind).delete()
            return
        said.filter(kind__in=OPPOSITES[Kind(kind)]).delete()
        TrackFeedback.objects.get_or_create(
            reading_id=reading_id,
            track_id=track_id,
            kind=kind,
            defaults={"user_id": user_id, "valence": point.valence, "arousal": point.arousal},
        )
