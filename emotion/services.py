"""Everything that changes a capture or a reading."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, BinaryIO

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError as QueueDown
from PIL import Image

from emotion import signals
from emotion.crops import face_crop
from emotion.models import Capture, CaptureQuerySet, EmotionReading, ReadingQuerySet, ToldMood, TrainingSample
from emotion.pipelines import FacePipeline
from emotion.samples.services import sample_keep, sample_label, samples_delete
from emotion.versions.shadow import shadow_read
from ml.errors import PictureError
from ml.pictures import open_picture, repaint
from ml.types import Emotion, FaceReading, PictureReading
from mood_music.errors import UserError
from mood_music.files import delete_after_commit, store
from privacy.holdings import copies_erase, files_follow
from privacy.purposes import Purpose
from privacy.selectors import consent_granted, consent_require
from privacy.services import person_lock
from privacy.subjects import Subject
from privacy.tombstones import tombstone_write

logger = structlog.get_logger(__name__)

MAX_ATTEMPTS = 3
# A live worker renews its lease every few seconds; one that stays silent for so long is taken for dead.
LEASE = datetime.timedelta(seconds=20)
# A message that was not picked up after so long is sent again; a second message for the same capture does no harm.
REPUBLISH_AFTER = datetime.timedelta(seconds=30)


def capture_create(
    *, user: Any, photo: BinaryIO, source: Capture.Source, mode: str = "", idempotency_key: str = ""
) -> Capture:
    """Take a picture in: check, repaint, store, and queue its id after commit.

    The same key from the same person returns the capture it made before. Raises UserError: without consent (403),
    with too many captures under way (429), with a full queue (503), or with the code of ml.pictures (400).
    """
    consent_require(user=user, purpose=Purpose.EMOTION_INFERENCE)
    key = idempotency_key or uuid.uuid4().hex
    existing = Capture.objects.for_user(user).filter(idempotency_key=key).first()
    if existing:
        return existing
    _room_require(user)
    try:
        picture = repaint(photo)
    except PictureError as error:
        raise UserError(error.code) from error
    with transaction.atomic():
        # The person's row is locked, so that two requests at once cannot both pass the check or use one key twice.
        get_user_model().objects.select_for_update().get(pk=user.pk)
        existing = Capture.objects.for_user(user).filter(idempotency_key=key).first()
        if existing:
            return existing
        _room_require(user)
        kept = consent_granted(user=user, purpose=Purpose.STORE_HISTORY)
        now = timezone.now()
        capture = Capture(
            user=user,
            source=source,
            mode=mode,
            idempotency_key=key,
            published_at=now,
            expires_at=None if kept else now + datetime.timedelta(minutes=settings.UNKEPT_READING_MINUTES),
        )
        with store(capture.image, ContentFile(picture)):
            capture.save()
        transaction.on_commit(lambda: _publish(capture.pk))
    logger.info("capture_created", capture_id=capture.pk, source=source)
    return capture


def _room_require(user: Any) -> None:
    open_ones = Capture.objects.filter(status__in=Capture.OPEN)
    if open_ones.filter(user=user).count() >= settings.CAPTURES_IN_FLIGHT_PER_USER:
        raise UserError("in_flight", status=429, retry_after=10)
    if open_ones.count() >= settings.CAPTURES_PENDING_LIMIT:
        raise UserError("busy", status=503, retry_after=60)


def _publish(capture_id: int) -> None:
    """Put an id on the queue. A queue that is down is no failure of the request: the sweeper sends it again."""
    from emotion.tasks import capture_process

    try:
        capture_process.delay(capture_id)
    except QueueDown:
        logger.warning("queue_unreachable", capture_id=capture_id)


def capture_claim(*, capture_id: int) -> Capture | None:
    """Take a pending capture for this worker, or return None when it is gone, taken or finished."""
    token, now = uuid.uuid4(), timezone.now()
    taken = Capture.objects.filter(pk=capture_id, status=Capture.Status.PENDING, attempts__lt=MAX_ATTEMPTS).update(
        status=Capture.Status.PROCESSING,
        claim_token=token,
        lease_expires_at=now + LEASE,
        attempts=F("attempts") + 1,
    )
    return Capture.objects.filter(pk=capture_id, claim_token=token).first() if taken else None


def _claimed(capture: Capture) -> CaptureQuerySet:
    return Capture.objects.filter(pk=capture.pk, status=Capture.Status.PROCESSING, claim_token=capture.claim_token)


def lease_renew(*, capture: Capture) -> bool:
    """Push the lease of a claimed capture on; return false when the claim was lost."""
    return bool(_claimed(capture).update(lease_expires_at=timezone.now() + LEASE))


def capture_release(*, capture: Capture, expired_at: datetime.datetime | None = None) -> bool:
    """Give a claimed capture back after an error, or end it when its attempts are used up.

    With `expired_at`, only if its lease has run out by then: a worker that renewed it meanwhile keeps it.
    Returns whether the claim was still there.
    """
    claim = _claimed(capture)
    if expired_at:
        claim = claim.filter(lease_expires_at__lt=expired_at)
    if capture.attempts >= MAX_ATTEMPTS:
        return _finish(claim, capture, Capture.Status.FAILED, "processing_failed")
    return bool(claim.update(status=Capture.Status.PENDING, claim_token=None, lease_expires_at=None, published_at=None))


def _finish(claim: CaptureQuerySet, capture: Capture, status: Capture.Status, refusal: str = "") -> bool:
    """Move a claimed capture to a final state and delete its picture; return false when the claim was lost."""
    with transaction.atomic():
        moved = claim.update(
            status=status,
            refusal=refusal,
            image="",
            claim_token=None,
            lease_expires_at=None,
            finished_at=timezone.now(),
        )
        if moved:
            delete_after_commit(capture.image.name)
    return bool(moved)


def capture_read(*, capture: Capture, pipeline: FacePipeline) -> None:
    """Read a claimed capture and record what was seen, or refuse it with a reason.

    Whatever goes wrong in the pipeline is raised; the caller releases the claim.
    """
    if not consent_granted(user=capture.user, purpose=Purpose.EMOTION_INFERENCE):
        captures_delete(captures=Capture.objects.filter(pk=capture.pk))
        return
    try:
        with capture.image.open("rb") as file:
            image = open_picture(file.file)
    except FileNotFoundError:
        _finish(_claimed(capture), capture, Capture.Status.FAILED, "picture_lost")
        return
    seen = pipeline.read(image)
    refusal = refusal_of(seen, image)
    if refusal:
        _finish(_claimed(capture), capture, Capture.Status.REFUSED, refusal)
        logger.info("capture_refused", capture_id=capture.pk, reason=refusal)
        return
    reading = reading_record(capture=capture, seen=seen, image=image)
    if reading is not None:
        shadow_read(reading=reading, image=image, face=seen.faces[0])


# Mean grey of a whole picture below which "no face" is more honestly "no light" (0 is black, 255 white).
DARK_PICTURE = 35.0
# Mean grey of a face below which its expression is a guess.
DARK_FACE = 22.0
# Shorter side in pixels below which a fifth of the readings go wrong that were right at full size (see ml.quality).
SMALLEST_FACE = 16.0


def refusal_of(seen: PictureReading, image: Image.Image) -> str:
    """Return the message id of the reason why a picture cannot be read, or an empty string."""
    if not seen.faces:
        histogram = image.convert("L").histogram()
        mean = sum(value * count for value, count in enumerate(histogram)) / max(1, sum(histogram))
        return "too_dark" if mean < DARK_PICTURE else "no_face"
    quality = seen.faces[0].quality
    if quality.brightness < DARK_FACE:
        return "too_dark"
    return "face_too_small" if quality.face_size < SMALLEST_FACE else ""


def _box(face: FaceReading) -> dict[str, float]:
    box = face.detection.box
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def reading_record(*, capture: Capture, seen: PictureReading, image: Image.Image) -> EmotionReading | None:
    """Store the reading of a claimed capture and finish it, in one transaction.

    Returns None, and stores nothing, when the capture is gone or another worker has it.
    """
    face = seen.faces[0]
    reading = face.reading
    with transaction.atomic():
        person_lock(user_id=capture.user_id)
        current = _claimed(capture).select_for_update().first()
        if current is None:
            return None
        stored = EmotionReading(
            capture=current,
            user_id=current.user_id,
            model_version=reading.model_version,
            scores={emotion.value: score for emotion, score in reading.scores.items()},
            dominant=reading.dominant,
            confidence=reading.confidence,
            sure=reading.sure,
            valence=reading.valence,
            arousal=reading.arousal,
            valence_sd=reading.valence_sd,
            arousal_sd=reading.arousal_sd,
            box=_box(face),
            faces=[_box(each) for each in seen.faces],
            picture_width=seen.width,
            picture_height=seen.height,
            quality={
                "brightness": face.quality.brightness,
                "sharpness": face.quality.sharpness,
                "face_size": face.quality.face_size,
                "roll": face.quality.roll,
                "yaw": face.quality.yaw,
                "advice": list(face.quality.advice),
            },
        )
        if consent_granted(user=current.user, purpose=Purpose.STORE_IMAGE):
            with store(stored.crop, ContentFile(face_crop(image, face.detection.box))):
                stored.save()
        else:
            stored.save()
        sample_keep(reading=stored, face=face, image=image)
        _finish(_claimed(current), current, Capture.Status.DONE)
        transaction.on_commit(lambda: signals.reading_recorded.send(EmotionReading, reading_id=stored.pk))
    logger.info("reading_recorded", capture_id=capture.pk, reading_id=stored.pk, milliseconds=seen.milliseconds)
    return stored


def reading_correct(*, reading: EmotionReading, emotion: str) -> EmotionReading:
    """Take the person's own word for how she felt: another than the model's, or the same as a confirmation.

    Raises UserError for a word that is not one of the eight.
    """
    if emotion not in {e.value for e in Emotion}:
        raise UserError("unknown_emotion")
    with transaction.atomic():
        person_lock(user_id=reading.user_id)
        reading.corrected_emotion = emotion
        reading.corrected_at = timezone.now()
        reading.save(update_fields=["corrected_emotion", "corrected_at"])
        sample_label(reading=reading, emotion=emotion)
        transaction.on_commit(lambda: signals.reading_corrected.send(EmotionReading, reading_id=reading.pk))
    return reading


def capture_mode_set(*, capture: Capture, mode: str) -> None:
    """Note the listening mode that the person chose for a capture; an empty one means what suits."""
    capture.mode = mode
    capture.save(update_fields=["mode"])


def captures_delete(*, captures: CaptureQuerySet, forget_samples: bool = True) -> int:
    """Delete captures with their readings, samples, sets and files; return how many. Files go after commit.

    Without `forget_samples` a sample that its person has labelled stays, without its reading: she consented to that
    apart. One that she has said nothing to never stays, since there is nothing left to say it to.
    """
    with transaction.atomic():
        rows = list(captures.values_list("pk", "image"))
        ids = [pk for pk, _ in rows]
        readings = EmotionReading.objects.select_for_update().filter(capture_id__in=ids).order_by("pk")
        names = [image for _, image in rows if image] + [
            crop for crop in readings.values_list("crop", flat=True) if crop
        ]
        samples = TrainingSample.objects.filter(reading__capture_id__in=ids)
        if not forget_samples:
            samples = samples.filter(status=TrainingSample.Status.WAITING)
        samples_delete(samples=samples)
        Capture.objects.filter(pk__in=ids).delete()
        for name in names:
            delete_after_commit(name)
    return len(ids)


def capture_forget(*, capture: Capture) -> None:
    """Delete a capture because its person wants it gone; a restored backup must not bring it back."""
    tombstone_write(kind="one", ref=str(capture.public_id), name="readings")
    subject = Subject.of(capture.user)
    with transaction.atomic(), files_follow(subject):
        captures_delete(captures=Capture.objects.filter(pk=capture.pk))
        # A copy that waits to be fetched still holds it.
        copies_erase(subject)


def told_mood_forget(*, mood: ToldMood) -> None:
    """Delete a mood because its person wants it gone; a restored backup must not bring it back."""
    tombstone_write(kind="one", ref=str(mood.public_id), name="told_moods")
    with transaction.atomic():
        mood.delete()
        # A copy that waits to be fetched still holds it.
        copies_erase(Subject.of(mood.user))


def captures_sweep() -> dict[str, int]:
    """Mend what a dead worker, a lost message or an empty queue left behind; return what was done.

    1. Release captures whose lease ran out, or end them when their attempts are used up.
    2. Publish again what has waited too long.
    """
    now = timezone.now()
    done = {"released": 0, "published": 0}
    for capture in Capture.objects.filter(status=Capture.Status.PROCESSING, lease_expires_at__lt=now):
        done["released"] += capture_release(capture=capture, expired_at=now)
    waiting = Q(published_at=None) | Q(published_at__lt=now - REPUBLISH_AFTER)
    stale = Capture.objects.filter(waiting, status=Capture.Status.PENDING)
    for pk in list(stale.order_by("created_at").values_list("pk", flat=True)[: settings.CAPTURES_PENDING_LIMIT]):
        Capture.objects.filter(pk=pk).update(published_at=now)
        _publish(pk)
        done["published"] += 1
    if any(done.values()):
        logger.info("captures_swept", **done)
    return done


def captures_expire() -> int:
    """Delete captures past their term, and keep the samples that were labelled; return how many."""
    return captures_delete(captures=captures_past_term(), forget_samples=False)


def captures_past_term() -> CaptureQuerySet:
    """Return the captures that were not to be kept, once their time is up."""
    return Capture.objects.filter(expires_at__lt=timezone.now()).exclude(status="processing")


def crops_past_term() -> ReadingQuerySet:
    """Return the readings whose crop is older than its person lets it be kept."""
    kept = EmotionReading.objects.exclude(crop="")
    days = Coalesce("user__privacy_preference__keep_pictures_days", 0)
    overdue = Q(pk__in=[])
    for term in kept.annotate(days=days).values_list("days", flat=True).distinct():
        before = timezone.now() - datetime.timedelta(days=term)
        overdue |= Q(days=term, created_at__lt=before)
    return kept.annotate(days=days).filter(overdue)


def crops_expire() -> int:
    """Delete crops past their term and keep their readings; return how many."""
    with transaction.atomic():
        overdue = list(crops_past_term().values_list("pk", "crop"))
        EmotionReading.objects.filter(pk__in=[pk for pk, _ in overdue]).update(crop="")
        for _, name in overdue:
            delete_after_commit(name)
    return len(overdue)


# A file younger than this may belong to a transaction that has not committed yet.
ORPHAN_AGE = datetime.timedelta(hours=1)


def files_sweep() -> int:
    """Delete pictures whose row is gone, as after a crash between the file and the commit; return how many."""
    known = set(Capture.objects.exclude(image="").values_list("image", flat=True))
    known |= set(EmotionReading.objects.exclude(crop="").values_list("crop", flat=True))
    known |= set(TrainingSample.objects.exclude(image="").values_list("image", flat=True))
    deleted = 0
    for folder in ("captures", "crops", "samples"):
        if not default_storage.exists(folder):
            continue
        for name in default_storage.listdir(folder)[1]:
            path = f"{folder}/{name}"
            if path not in known and default_storage.get_modified_time(path) < timezone.now() - ORPHAN_AGE:
                default_storage.delete(path)
                deleted += 1
    return deleted
