"""Everything that changes a training sample: see the state machine in `emotion.models.samples`."""

from __future__ import annotations

import datetime
import hashlib
import io
from typing import Any

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from PIL import Image

from emotion.models import EmotionReading, TrainingSample, TrainingSampleQuerySet
from emotion.samples.selectors import held_out_of, samples_consented
from emotion.samples.withdrawal import manifests_blank, versions_flag_retire
from ml.alignment import grey_face
from ml.types import Emotion, FaceReading
from mood_music.errors import UserError
from mood_music.files import delete_after_commit, store
from privacy.audit import audit_write
from privacy.purposes import Purpose
from privacy.selectors import consent_live

logger = structlog.get_logger(__name__)

Status = TrainingSample.Status


def sample_keep(*, reading: EmotionReading, face: FaceReading, image: Image.Image) -> TrainingSample | None:
    """Keep the aligned face of a reading, if its person lets the network learn from it; nothing more of the picture.

    The caller is in a transaction and holds the lock on the person, so that a withdrawal at the same moment either
    finds the sample or is seen here. Past her cap, the oldest face that she has said nothing to makes room; when
    she has said something to all of them, no more is kept.
    """
    consent = consent_live(user=reading.user, purpose=Purpose.TRAIN_MODEL)
    if consent is None or not _room_made(reading.user_id):
        return None
    pixels = grey_face(image, face.detection.landmarks)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    sample = TrainingSample(
        user_id=reading.user_id,
        reading=reading,
        consent=consent,
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        predicted=reading.dominant,
        model_version=reading.model_version,
        held_out=held_out_of(reading.user),
    )
    with store(sample.image, ContentFile(file.getvalue())):
        sample.save()
    logger.info("sample_kept", sample_id=sample.pk)
    return sample


def _room_made(user_id: int) -> bool:
    held = TrainingSample.objects.filter(user_id=user_id).exclude(status=Status.REJECTED)
    excess = held.count() + 1 - settings.TRAINING_SAMPLES_PER_PERSON
    if excess <= 0:
        return True
    unsaid = list(held.filter(status=Status.WAITING).order_by("created_at", "pk").values_list("pk", flat=True)[:excess])
    if len(unsaid) < excess:
        return False
    samples_delete(samples=TrainingSample.objects.filter(pk__in=unsaid))
    return True


def sample_label(*, reading: EmotionReading, emotion: str) -> None:
    """Note the person's word for a reading on its sample, which thereby waits for a reviewer, maybe once more.

    The caller is in a transaction and holds the lock on the person.
    """
    sample = TrainingSample.objects.select_for_update().filter(reading=reading).exclude(status=Status.REJECTED).first()
    if sample is None or sample.label == emotion:
        return
    if sample.status == Status.WAITING and consent_live(user=sample.user, purpose=Purpose.TRAIN_MODEL) is None:
        return
    origin = TrainingSample.Origin
    sample.label = emotion
    sample.origin = origin.CONFIRMED if emotion == sample.predicted else origin.CORRECTED
    sample.status = Status.PENDING
    sample.labelled_at = timezone.now()
    sample.reviewed_label, sample.reviewed_by, sample.reviewed_at = "", None, None
    sample.save()
    logger.info("sample_labelled", sample_id=sample.pk)


def sample_accept(*, sample: TrainingSample, actor: Any) -> None:
    """Let the network learn from a sample with its person's word. Raises UserError (409) if it changed meanwhile."""
    _review(sample, actor, "accepted", status=Status.ACCEPTED)


def sample_relabel(*, sample: TrainingSample, actor: Any, label: str) -> None:
    """Let the network learn from a sample with the reviewer's word in place of its person's.

    Raises UserError for a word that is not one of the eight, and (409) if the sample changed meanwhile.
    """
    if label not in {e.value for e in Emotion}:
        raise UserError("unknown_emotion")
    if label == sample.label:
        sample_accept(sample=sample, actor=actor)
    else:
        _review(sample, actor, "relabelled", status=Status.ACCEPTED, reviewed_label=label)


def sample_reject(*, sample: TrainingSample, actor: Any) -> None:
    """Refuse a sample and delete its picture. Raises UserError (409) if it changed meanwhile."""
    with transaction.atomic():
        _review(sample, actor, "rejected", status=Status.REJECTED, image="", sha256="")
        delete_after_commit(sample.image.name)


def _review(sample: TrainingSample, actor: Any, decision: str, **changes: Any) -> None:
    """Move a sample out of the queue as the reviewer saw it: with the same word of its person, who still consents."""
    with transaction.atomic():
        seen = samples_consented().filter(pk=sample.pk, status=Status.PENDING, labelled_at=sample.labelled_at)
        if not seen.update(reviewed_by=actor, reviewed_at=timezone.now(), **changes):
            raise UserError("sample_changed", status=409)
        # Whose face it is, and what it shows, is not written down.
        audit_write(kind="sample_reviewed", actor=actor, detail={"sample": sample.pk, "decision": decision})
    logger.info("sample_reviewed", sample_id=sample.pk, decision=decision)


def samples_delete(*, samples: TrainingSampleQuerySet) -> int:
    """Delete samples in any state with their pictures, as after a withdrawal; return how many. Safe to run again.

    The manifests that list them keep an entry that names nothing, and every version that learned from one gets a date
    by which it has to be replaced. Files go after commit.
    """
    with transaction.atomic():
        rows = list(samples.select_for_update().order_by("pk").values_list("pk", "image"))
        ids = [pk for pk, _ in rows]
        versions_flag_retire(sample_ids=ids)
        manifests_blank(sample_ids=ids)
        TrainingSample.objects.filter(pk__in=ids).delete()
        for _, name in rows:
            delete_after_commit(name)
    if ids:
        logger.info("samples_deleted", count=len(ids))
    return len(ids)


def samples_past_term() -> TrainingSampleQuerySet:
    """Return the samples that nobody said a word to in time."""
    before = timezone.now() - datetime.timedelta(days=settings.SAMPLE_WAITING_DAYS)
    return TrainingSample.objects.filter(status=Status.WAITING, created_at__lt=before)


def samples_expire() -> int:
    """Delete samples past their term; return how many."""
    return samples_delete(samples=samples_past_term())
