"""A demo person with a sample history, for screenshots and for trying the pages."""

from __future__ import annotations

import datetime
import logging
import random
import secrets
import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from emotion.models import Capture, EmotionReading
from ml.affect import affect
from ml.types import EMOTIONS, Emotion
from privacy.purposes import Purpose
from privacy.services import consent_answers_record
from recommendations.services import set_build

EMAIL = "demo@mood-music.invalid"
SAMPLE = "sample data"
# How often each expression turns up in the sample: an ordinary few weeks.
SHARES = {
    Emotion.NEUTRAL: 8,
    Emotion.HAPPINESS: 9,
    Emotion.SADNESS: 5,
    Emotion.SURPRISE: 3,
    Emotion.ANGER: 3,
    Emotion.FEAR: 2,
    Emotion.DISGUST: 1,
    Emotion.CONTEMPT: 1,
}


class Command(BaseCommand):
    """Create the demo person anew, with readings over the past weeks and their music."""

    help = "Create a demo user with a sample history (an earlier demo user is replaced) and print the log-in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the size of the history and the seed."""
        parser.add_argument("--readings", type=int, default=32)
        parser.add_argument("--seed", type=int, default=1)

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Create person, consent, readings and sets."""
        # One line for each of the readings would bury the only one that is wanted.
        logging.disable(logging.INFO)
        draw = random.Random(options["seed"])  # noqa: S311 - sample data, not a secret
        User.objects.filter(email=EMAIL).delete()
        password = secrets.token_urlsafe(12)
        user = User.objects.create_user(EMAIL, password, age_confirmed_at=timezone.now())
        answers = {Purpose.EMOTION_INFERENCE: True, Purpose.STORE_HISTORY: True}
        consent_answers_record(user=user, answers=answers, given_through="demo command")
        moment = timezone.now()
        for _ in range(options["readings"]):
            self._reading(user, draw, moment)
            moment -= datetime.timedelta(hours=draw.uniform(7, 28))
        self.stdout.write(f"Log in as {EMAIL} with the password {password}")

    def _reading(self, user: User, draw: random.Random, moment: datetime.datetime) -> None:
        shown = draw.choices(list(SHARES), list(SHARES.values()))[0]
        raw = {e: draw.gammavariate(9.0 if e is shown else 0.35, 1.0) for e in EMOTIONS}
        scores = {e: value / sum(raw.values()) for e, value in raw.items()}
        dominant = max(scores, key=lambda e: scores[e])
        place = affect(scores)
        capture = Capture.objects.create(
            user=user,
            status=Capture.Status.DONE,
            source=draw.choice(Capture.Source.values),
            idempotency_key=uuid.uuid4().hex,
            finished_at=moment,
        )
        reading = EmotionReading.objects.create(
            capture=capture,
            user=user,
            model_version=SAMPLE,
            scores={e.value: score for e, score in scores.items()},
            dominant=dominant,
            confidence=scores[dominant],
            sure=scores[dominant] > 0.5,
            valence=place.valence,
            arousal=place.arousal,
            valence_sd=place.valence_sd,
            arousal_sd=place.arousal_sd,
            box={"x": 220, "y": 120, "width": 200, "height": 240},
            faces=[{"x": 220, "y": 120, "width": 200, "height": 240}],
            picture_width=640,
            picture_height=480,
            quality={"brightness": 120, "sharpness": 300, "face_size": 200, "roll": 0, "yaw": 0, "advice": []},
        )
        Capture.objects.filter(pk=capture.pk).update(created_at=moment)
        EmotionReading.objects.filter(pk=reading.pk).update(created_at=moment)
        set_build(reading_id=reading.pk)
