"""What the emotion app holds of a person: declared to the privacy registry."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings

from emotion import services
from emotion.models import Capture, ShadowReading, ToldMood, TrainingSample
from emotion.samples.services import samples_delete
from ml.types import Advice, Emotion
from privacy.purposes import Purpose
from privacy.registry import Basis, DataCategory, Table, excuse, register
from privacy.subjects import Subject

OUR_NUMBER = "a row number of ours"
YOU = "you"
WORKING = "how our workers share the work; nothing about you"


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": sorted(properties), "additionalProperties": False}


_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_NUMBER = {"type": "number"}
_BOX = _object(dict.fromkeys(("x", "y", "width", "height"), _NUMBER))
_QUALITY = _object(
    dict.fromkeys(("brightness", "sharpness", "face_size", "roll", "yaw"), _NUMBER)
    | {"advice": {"type": "array", "items": {"enum": [each.value for each in Advice]}}}
)


def _captures(subject: Subject) -> Any:
    return Capture.objects.filter(user_id=subject.user_id)


def _waiting(subject: Subject) -> Any:
    return _captures(subject).filter(status__in=Capture.OPEN)


def register_all() -> None:
    """Declare waiting pictures, readings and kept crops."""
    register(
        DataCategory(
            name="readings",
            label="Readings, with your corrections",
            why="So that you can look back on them, and the music can follow.",
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_HISTORY,
            retention=(
                f"Until you delete them. Without your consent to a history, {settings.UNKEPT_READING_MINUTES} minutes."
            ),
            sensitive=True,
            tables=(
                Table(
                    model="emotion.EmotionReading",
                    fields=(
                        "capture__public_id",
                        "created_at",
                        "dominant",
                        "corrected_emotion",
                        "corrected_at",
                        "confidence",
                        "sure",
                        "scores",
                        "valence",
                        "arousal",
                        "valence_sd",
                        "arousal_sd",
                        "model_version",
                        "box",
                        "faces",
                        "picture_width",
                        "picture_height",
                        "quality",
                    ),
                    withheld={"id": OUR_NUMBER, "user": YOU},
                    shapes={
                        "scores": _object({e.value: _SHARE for e in Emotion}),
                        "box": _BOX,
                        "faces": {"type": "array", "items": _BOX},
                        "quality": _object(
                            {
                                name: {"type": "number"}
                                for name in ("brightness", "sharpness", "face_size", "roll", "yaw")
                            }
                            | {"advice": {"type": "array", "items": {"enum": [a.value for a in Advice]}}}
                        ),
                    },
                ),
                Table(
                    model="emotion.Capture",
                    fields=(
                        "public_id",
                        "created_at",
                        "finished_at",
                        "status",
                        "source",
                        "mode",
                        "refusal",
                        "expires_at",
                    ),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": YOU,
                        "idempotency_key": "recognises a form that was sent twice",
                        "attempts": WORKING,
                        "claim_token": WORKING,
                        "lease_expires_at": WORKING,
                        "published_at": WORKING,
                    },
                ),
            ),
            erase=lambda subject: _captures_delete(_captures(subject)),
            erase_older=_captures_delete_older,
            # Learning is a consent of its own: without a history its samples stay, as they do when a reading expires.
            purge=_history_purge,
            erase_one=lambda public_id: _captures_delete(Capture.objects.filter(public_id=public_id)),
        )
    )
    register(
        DataCategory(
            name="told_moods",
            label="Moods you noted elsewhere and brought in",
            why="So that your history is whole.",
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_HISTORY,
            retention="Until you delete them or withdraw your consent to a history.",
            sensitive=True,
            tables=(
                Table(
                    model="emotion.ToldMood",
                    fields=("felt_at", "emotion", "word", "source", "created_at"),
                    withheld={"id": OUR_NUMBER, "public_id": OUR_NUMBER, "user": YOU},
                ),
            ),
            erase_one=_told_mood_delete,
        )
    )
    register(
        DataCategory(
            name="waiting_pictures",
            label="Pictures waiting to be read",
            why="So that your expression can be read.",
            basis=Basis.CONSENT,
            purpose=Purpose.EMOTION_INFERENCE,
            retention="Deleted as soon as the reading exists, usually within seconds.",
            sensitive=True,
            tables=(Table(model="emotion.Capture", fields=("public_id", "image"), part=True),),
            erase=lambda subject: _captures_delete(_waiting(subject)),
            # Readings that no history keeps were made on this consent alone: they do not wait for their hour to pass.
            purge=lambda subject: _captures_delete(_waiting(subject) | _captures(subject).exclude(expires_at=None)),
        )
    )
    register(
        DataCategory(
            name="crops",
            label="Crops of your face beside readings",
            why="So that you see yourself beside what was read.",
            basis=Basis.CONSENT,
            purpose=Purpose.STORE_IMAGE,
            retention="For as long as you choose, 30 days at first; without your consent, none is kept.",
            sensitive=True,
            tables=(Table(model="emotion.EmotionReading", fields=("capture__public_id", "crop"), part=True),),
        )
    )
    _register_training()


def _register_training() -> None:
    register(
        DataCategory(
            name="training_samples",
            label="Aligned faces that the network may learn from, with your word on each",
            why="So that the network reads better what people like you show.",
            basis=Basis.CONSENT,
            purpose=Purpose.TRAIN_MODEL,
            retention=(
                f"{settings.SAMPLE_WAITING_DAYS} days, unless you correct or confirm the reading; then until you "
                "withdraw your consent to it, delete the reading, or a reviewer rejects it. A version that has learned "
                f"from it is marked to be replaced within {settings.MODEL_RETIRE_DAYS} days."
            ),
            seen_by="You, and administrators who review faces without knowing whose they are.",
            sensitive=True,
            erase=_samples_erase,
            erase_older=_samples_erase_older,
            tables=(
                Table(
                    model="emotion.TrainingSample",
                    fields=(
                        "reading__capture__public_id",
                        "created_at",
                        "consent__created_at",
                        "labelled_at",
                        "status",
                        "label",
                        "reviewed_label",
                        "origin",
                        "predicted",
                        "model_version",
                        "held_out",
                        "sha256",
                        "image",
                        "reviewed_at",
                    ),
                    withheld={
                        "id": OUR_NUMBER,
                        "user": YOU,
                        "reviewed_by": "somebody else",
                    },
                ),
                Table(
                    model="emotion.ManifestEntry",
                    owner="sample__user",
                    created="",
                    fields=("run__public_id", "run__version__version", "label", "held_out", "sha256"),
                    withheld={
                        "id": OUR_NUMBER,
                        "sample": "exported beside this",
                        "consent": "exported with your answers",
                        "withdrawn_at": "empty for as long as the sample is yours",
                    },
                ),
                Table(
                    model="emotion.ShadowReading",
                    owner="reading__user",
                    fields=("created_at", "version__version", "dominant", "confidence", "sure"),
                    withheld={"id": OUR_NUMBER, "reading": "exported with the readings"},
                ),
            ),
        )
    )
    excuse("emotion.ModelVersion", "a network and its figures; who promoted it is forgotten with that account")
    excuse("emotion.TrainingRun", "how a network was trained; who started it is forgotten with that account")
    excuse("emotion.DriftAlert", "sums over many readings; nothing of one person")


def _history_purge(subject: Subject) -> None:
    services.captures_delete(captures=_captures(subject), forget_samples=False)


def _samples_erase(subject: Subject) -> None:
    samples_delete(samples=TrainingSample.objects.filter(user_id=subject.user_id))
    ShadowReading.objects.filter(reading__user_id=subject.user_id).delete()


def _samples_erase_older(subject: Subject, moment: datetime.datetime) -> int:
    shadows = ShadowReading.objects.filter(reading__user_id=subject.user_id, created_at__lt=moment)
    samples = TrainingSample.objects.filter(user_id=subject.user_id, created_at__lt=moment)
    return samples_delete(samples=samples) + shadows.delete()[0]


def _captures_delete_older(subject: Subject, moment: datetime.datetime) -> int:
    return services.captures_delete(captures=_captures(subject).filter(created_at__lt=moment))


def _told_mood_delete(public_id: str) -> None:
    ToldMood.objects.filter(public_id=public_id).delete()


def _captures_delete(captures: Any) -> None:
    services.captures_delete(captures=captures)
