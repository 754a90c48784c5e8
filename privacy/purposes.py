"""The purposes a person can consent to, each on its own, and the words she consents to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import models
from django.template.loader import get_template
from django.utils.html import strip_tags

NOTICE_VERSION = "2026-11-25"
"""Date of the wording below and of the privacy notice. A new date asks everybody again."""


class Purpose(models.TextChoices):
    """List the purposes. All are off until the person says yes."""

    EMOTION_INFERENCE = "emotion_inference", "Read my expression"
    STORE_HISTORY = "store_history", "Keep my mood history"
    STORE_IMAGE = "store_image", "Keep the picture of my face"
    TRAIN_MODEL = "train_model", "Improve the model with my corrections"
    SPOTIFY_LINK = "spotify_link", "Connect my Spotify account"


NOTICES = ("legal/privacy_notice.html", "legal/ai_notice.html")


@dataclass(frozen=True, slots=True)
class PurposeText:
    """Hold what a person reads before saying yes to a purpose."""

    purpose: Purpose
    description: str
    required: bool = False

    @property
    def title(self) -> str:
        """Return the purpose's short name."""
        return str(self.purpose.label)


# Only what the site does today is asked for; a purpose joins this list with the feature that needs it.
ASKED: tuple[PurposeText, ...] = (
    PurposeText(
        Purpose.EMOTION_INFERENCE,
        "An AI system looks at the picture you send and estimates which of eight expressions your face shows. "
        "Without this, no picture is looked at. The picture is deleted as soon as the reading exists.",
        required=True,
    ),
    PurposeText(
        Purpose.STORE_HISTORY,
        "Your readings, corrections, listening sessions and the music that went with them stay until you delete them. "
        "Without this, each reading is forgotten within the hour, with all that hangs on it.",
    ),
    PurposeText(
        Purpose.STORE_IMAGE,
        "A small crop of your face stays beside each reading, visible to you alone, for 30 days or as long as you "
        "choose in the privacy centre. Without this, no picture is kept.",
    ),
    PurposeText(
        Purpose.TRAIN_MODEL,
        "When you correct or confirm a reading, a small grey copy of your face (48 by 48 pixels) and your word are "
        "kept, also without a history, for the model to learn from. Administrators check these copies without being "
        f"told whose they are. Copies to which you say nothing go after {settings.SAMPLE_WAITING_DAYS} days. Switch "
        "this off and all are deleted at once; a model that has learned from them is marked to be replaced within "
        f"{settings.MODEL_RETIRE_DAYS} days. A new model may also read your pictures, to be compared with the one in "
        "use. Without this, nothing of yours trains a model.",
    ),
)

# Asked where the account is connected, not before.
SPOTIFY = PurposeText(
    Purpose.SPOTIFY_LINK,
    "We keep the keys that Spotify gives us for your account, encrypted, so that we can save music as private "
    "playlists and play it on your devices when you press the button. We never write down what you listen to "
    "there, and Spotify never learns from us what your face showed. Without this, links to Spotify work all the same.",
)


def wording_of(purpose: Purpose) -> str:
    """Return the words that a person answers now when she is asked for a purpose."""
    return next((text.description for text in (*ASKED, SPOTIFY) if text.purpose == purpose), "")


@cache
def notice_hash() -> str:
    """Return the SHA-256 of every word a person consents to: the texts above, the privacy notice, that on the AI.

    Words alone count: markup may change without anybody being asked again.
    """
    words = [NOTICE_VERSION, *(f"{t.purpose}|{t.title}|{t.description}" for t in (*ASKED, SPOTIFY))]
    for name in NOTICES:
        source = get_template(name).template.source  # type: ignore[attr-defined]
        words += strip_tags(source).split()
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
