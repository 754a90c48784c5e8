"""Let a candidate read what the active version has just read, for people who let the network learn from them.

It happens in the same task, after the reading is stored and the music is under way: it delays no result, and nothing
that goes wrong in it fails one.
"""

from __future__ import annotations

import numpy as np
import structlog
from django.db import transaction
from PIL import Image

from emotion.models import EmotionReading, ModelVersion, ShadowReading
from emotion.models.versions import shadow_version
from emotion.pipelines import pipelines
from ml.alignment import grey_face
from ml.quality import is_sure
from ml.types import EMOTIONS, FaceReading
from privacy.purposes import Purpose
from privacy.selectors import consent_granted
from privacy.services import person_lock

logger = structlog.get_logger(__name__)


def shadow_read(*, reading: EmotionReading, image: Image.Image, face: FaceReading) -> ShadowReading | None:
    """Store what the candidate that looks on says of a face; None where there is none, or it is not to look.

    Whatever goes wrong is logged and goes no further: the reading itself is done.
    """
    try:
        version = shadow_version()
        if version is None or not _drawn(reading, version):
            return None
        if not consent_granted(user=reading.user, purpose=Purpose.TRAIN_MODEL):
            return None
        return _read(reading, version, image, face)
    except Exception:
        logger.exception("shadow_failed", reading_id=reading.pk)
        return None


def _drawn(reading: EmotionReading, version: ModelVersion) -> bool:
    """Tell whether a capture is in the share: its random id decides, so that a second try decides alike."""
    return reading.capture.public_id.int % 100 < version.shadow_percent


def _read(
    reading: EmotionReading, version: ModelVersion, image: Image.Image, face: FaceReading
) -> ShadowReading | None:
    classifier = pipelines().classifier(version)
    if classifier is None:
        return None
    probabilities, _ = classifier.probabilities(grey_face(image, face.detection.landmarks)[None])
    best = int(np.argmax(probabilities[0]))
    confidence = float(probabilities[0, best])
    with transaction.atomic():
        # She may have withdrawn or deleted the reading meanwhile; holding the lock, what is seen here holds.
        person_lock(user_id=reading.user_id)
        if not consent_granted(user=reading.user, purpose=Purpose.TRAIN_MODEL):
            return None
        if not EmotionReading.objects.filter(pk=reading.pk).exists():
            return None
        stored, _ = ShadowReading.objects.get_or_create(
            reading=reading,
            version=version,
            defaults={
                "dominant": EMOTIONS[best],
                "confidence": confidence,
                "sure": is_sure(confidence, face.quality, classifier.sure_confidence),
            },
        )
    logger.info("shadow_read", reading_id=reading.pk, version=version.version)
    return stored
