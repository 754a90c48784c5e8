"""What the emotion app holds of a person: declared to the privacy registry."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from emotion import services
from emotion.models import Capture
from privacy.purposes import Purpose
from privacy.registry import Basis, DataCategory, Table, register
from privacy.subjects import Subject

OUR_NUMBER = "a row number of ours"
YOU = "you"
WORKING = "how our workers share the work; nothing about you"


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
                    withheld={"id": OUR_NUMBER, "user": YOU},
                ),
            ),
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


def _captures_delete(captures: Any) -> None:
    services.captures_delete(captures=captures)
