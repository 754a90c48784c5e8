"""Which samples may be reviewed, which may be learned from, and who is held out. Only what is still consented to."""

from __future__ import annotations

import hashlib
from typing import Any

from emotion.models import EmotionReading, TrainingSample, TrainingSampleQuerySet
from privacy.purposes import Purpose
from privacy.selectors import people_consenting

# One person in so many is measured on and never trained on.
HOLD_OUT_ONE_IN = 5
# Fixed, and no secret: another key would move people from one side to the other.
_HOLD_OUT_KEY = b"mood-music hold-out 1"


def held_out_of(user: Any) -> bool:
    """Return whether a person belongs to those on whom versions are measured, never trained.

    A keyed hash (BLAKE2b) of her random public id decides, for ever: people do not appear on both sides, whenever
    their samples come and whatever is trained.
    """
    digest = hashlib.blake2b(user.public_id.bytes, key=_HOLD_OUT_KEY, digest_size=8).digest()
    return int.from_bytes(digest, "big") % HOLD_OUT_ONE_IN == 0


def sample_of(*, reading: EmotionReading) -> TrainingSample | None:
    """Return the sample that was kept beside a reading."""
    found: TrainingSample | None = TrainingSample.objects.filter(reading=reading).first()
    return found


def samples_consented() -> TrainingSampleQuerySet:
    """Return the samples of people whose consent to training is a yes now."""
    found: TrainingSampleQuerySet = TrainingSample.objects.filter(
        user__in=people_consenting(purpose=Purpose.TRAIN_MODEL)
    )
    return found


def samples_for_review() -> TrainingSampleQuerySet:
    """Return the samples that wait for a reviewer, the one that has waited longest first."""
    return samples_consented().filter(status=TrainingSample.Status.PENDING).order_by("labelled_at", "pk")


def samples_for_training() -> TrainingSampleQuerySet:
    """Return the accepted samples, trained on and held out ones, in a fixed order."""
    return samples_consented().filter(status=TrainingSample.Status.ACCEPTED).order_by("pk")
