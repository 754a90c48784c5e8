"""Propose corrections of ratings from what many people said, and take or refuse them.

    OPEN --accept--> ACCEPTED   the track moves, and a change is written down
      |----reject--> REJECTED
      `--withdrawn: deleted by a later run that no longer finds it

What was said before a decision on a track is not counted again after it.
"""

from __future__ import annotations

from typing import Any

import structlog
from django.db import transaction
from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from mood_music.errors import UserError
from privacy.audit import audit_write
from recommendations.catalogue_cache import catalogue_changed
from recommendations.circumplex import Point
from recommendations.corrections import LISTENERS, Voice, propose
from recommendations.learning import PRAISE, Kind
from recommendations.models import RatingChange, RatingProposal, Track, TrackFeedback

logger = structlog.get_logger(__name__)

RATED_BY = "listeners"
"""What stands as the source of a rating once a proposal was accepted; imports leave such a rating alone."""
Status = RatingProposal.Status


def proposals_compute() -> int:
    """Bring the open proposals in line with what people say; return how many are open."""
    counted = 0
    with transaction.atomic():
        spoken = _words().values("track").annotate(people=Count("user", distinct=True)).filter(people__gte=LISTENERS)
        track_ids = [row["track"] for row in spoken.order_by("track")]
        RatingProposal.objects.filter(status=Status.OPEN).exclude(track__in=track_ids).delete()
        for track in Track.objects.filter(pk__in=track_ids):
            counted += _proposal_compute(track)
    logger.info("rating_proposals_computed", open=counted)
    return counted


def _words() -> QuerySet[TrackFeedback]:
    # Skips and dislikes are about taste. Whoever keeps no history, or limits what her moods are used for, is not asked.
    return TrackFeedback.objects.filter(
        kind__in=[*PRAISE, Kind.NOT_THIS_MOOD], reading__capture__expires_at=None, track__owner=None
    ).exclude(user__privacy_preference__limit_sensitive=True)


def _proposal_compute(track: Track) -> bool:
    decided = RatingProposal.objects.filter(track=track).exclude(status=Status.OPEN)
    since = decided.aggregate(latest=Max("created_at"))["latest"]
    words = _words().filter(track=track)
    if since:
        words = words.filter(created_at__gt=since)
    rating = Point(track.valence, track.arousal)
    earliest = RatingChange.objects.filter(track=track).order_by("pk").first()
    found = propose(
        rating,
        Point(earliest.old_valence, earliest.old_arousal) if earliest else rating,
        (
            Voice(user_id, Point(valence, arousal), kind != Kind.NOT_THIS_MOOD)
            for user_id, valence, arousal, kind in words.values_list("user_id", "valence", "arousal", "kind")
        ),
    )
    if found is None:
        RatingProposal.objects.filter(track=track, status=Status.OPEN).delete()
        return False
    RatingProposal.objects.update_or_create(
        track=track,
        status=Status.OPEN,
        defaults={
            "old_valence": track.valence,
            "old_arousal": track.arousal,
            "valence": found.place.valence,
            "arousal": found.place.arousal,
            "listeners": found.listeners,
            "wrong_mood_percent": found.wrong_mood_percent,
            "created_at": timezone.now(),
        },
    )
    return True


def proposal_accept(*, proposal: RatingProposal, by: Any) -> RatingChange:
    """Move the track to where it is proposed, and write the change down.

    Raises UserError (409) for a proposal that was decided already, or whose track was rated anew since.
    """
    with transaction.atomic():
        track = Track.objects.select_for_update().get(pk=proposal.track_id)
        if (track.valence, track.arousal) != (proposal.old_valence, proposal.old_arousal):
            raise UserError("proposal_stale", status=409)
        _decide(proposal, Status.ACCEPTED)
        change = RatingChange.objects.create(
            track=track,
            proposal=proposal,
            old_valence=track.valence,
            old_arousal=track.arousal,
            new_valence=proposal.valence,
            new_arousal=proposal.arousal,
            old_rated_by=track.rated_by,
        )
        track.valence, track.arousal, track.rated_by = proposal.valence, proposal.arousal, RATED_BY
        track.save(update_fields=["valence", "arousal", "rated_by"])
        catalogue_changed()
        audit_write(kind="rating_accepted", actor=by, detail={"proposal": proposal.pk, "track": track.pk})
    return change


def proposal_reject(*, proposal: RatingProposal, by: Any) -> None:
    """Leave the track where it is. Raises UserError (409) for a proposal that was decided already."""
    with transaction.atomic():
        _decide(proposal, Status.REJECTED)
        audit_write(kind="rating_rejected", actor=by, detail={"proposal": proposal.pk, "track": proposal.track_id})


def _decide(proposal: RatingProposal, status: RatingProposal.Status) -> None:
    # Filtered on the state, so that of two administrators one decides.
    open_one = RatingProposal.objects.filter(pk=proposal.pk, status=Status.OPEN)
    if not open_one.update(status=status, decided_at=timezone.now()):
        raise UserError("proposal_decided", status=409)
