"""Rows for tests."""

from __future__ import annotations

import factory
from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import User
from emotion.models import Capture, EmotionReading
from ml.types import EMOTIONS
from privacy.purposes import Purpose
from privacy.services import consent_record, terms_accept
from tests.support.pictures import encoded, picture

PASSWORD = "a long enough pass phrase"


class UserFactory(factory.django.DjangoModelFactory):
    """Make a person who has consented to readings and a history, unless told otherwise."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.org")
    age_confirmed_at = factory.LazyFunction(timezone.now)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        consents = kwargs.pop("consents", (Purpose.EMOTION_INFERENCE, Purpose.STORE_HISTORY))
        user = model_class.objects.create_user(kwargs.pop("email"), PASSWORD, **kwargs)
        terms_accept(user=user)
        for purpose in consents:
            consent_record(user=user, purpose=purpose, granted=True, given_through="test")
        return user


class CaptureFactory(factory.django.DjangoModelFactory):
    """Make a capture with a picture while it is open, without one once it is final."""

    class Meta:
        model = Capture

    user = factory.SubFactory(UserFactory)
    source = Capture.Source.UPLOAD
    status = Capture.Status.PENDING
    idempotency_key = factory.Sequence(lambda n: f"key-{n}")
    published_at = factory.LazyFunction(timezone.now)
    image = factory.LazyAttribute(
        lambda made: ContentFile(encoded(picture()), "unnamed") if made.status in Capture.OPEN else ""
    )


class ReadingFactory(factory.django.DjangoModelFactory):
    """Make a finished capture with its reading."""

    class Meta:
        model = EmotionReading

    class Params:
        emotion = "happiness"

    capture = factory.SubFactory(CaptureFactory, status=Capture.Status.DONE)
    user = factory.SelfAttribute("capture.user")
    model_version = "scripted-1"
    scores = factory.LazyAttribute(lambda made: {e.value: 0.86 if e == made.emotion else 0.02 for e in EMOTIONS})
    dominant = factory.SelfAttribute("emotion")
    confidence = 0.86
    sure = True
    valence, arousal, valence_sd, arousal_sd = 0.8, 0.7, 0.1, 0.1
    box = {"x": 10, "y": 10, "width": 100, "height": 120}
    faces = [{"x": 10, "y": 10, "width": 100, "height": 120}]
    picture_width, picture_height = 320, 240
    quality = {"brightness": 120, "sharpness": 300, "face_size": 100, "roll": 0, "yaw": 0, "advice": []}
