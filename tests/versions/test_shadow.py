import uuid
from types import SimpleNamespace

import numpy as np
import pytest

from emotion import services as captures
from emotion.models import Capture, EmotionReading, ShadowReading
from emotion.tasks import capture_process
from emotion.versions import selectors, services
from ml.types import EMOTIONS
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.factories import CaptureFactory, ReadingFactory, UserFactory

pytestmark = pytest.mark.django_db


class Looking:
    """Stand for what a worker has loaded: every classifier says fear, and notes what it saw."""

    def __init__(self, after=lambda: None):
        self.seen, self.after, self.sure_confidence = [], after, 0.5

    def classifier(self, version):
        return self

    def probabilities(self, faces):
        self.seen.append(faces.shape)
        self.after()
        scores = np.full((1, 8), 0.03)
        scores[0, EMOTIONS.index("fear")] = 0.79
        return scores, np.full((1, 7), 1 / 7)


@pytest.fixture
def looking(monkeypatch):
    def look(**kwargs):
        found = Looking(**kwargs)
        monkeypatch.setattr("emotion.versions.shadow.pipelines", lambda: found)
        return found

    return look


@pytest.fixture
def shadow(candidate):
    services.shadow_start(version=candidate, percent=100, actor=None)
    candidate.refresh_from_db()
    return candidate


def consenting(user):
    consent_record(user=user, purpose=Purpose.TRAIN_MODEL, granted=True, given_through="test")
    return user


def processed(user, **fields):
    capture = CaptureFactory(user=user, **fields)
    capture_process(capture.pk)
    capture.refresh_from_db()
    return capture


def test_the_candidate_reads_the_same_aligned_face_for_somebody_who_agreed(scripted, looking, shadow, amy):
    found = looking()
    capture = processed(consenting(amy))
    assert capture.status == Capture.Status.DONE
    said = ShadowReading.objects.get()
    assert (said.version, said.dominant, said.sure) == (shadow, "fear", True)
    assert said.reading == capture.readings.get()
    assert said.reading.dominant == "happiness"
    assert found.seen == [(1, 48, 48)]


def test_without_consent_to_learning_nothing_looks_on(scripted, looking, shadow, amy):
    found = looking()
    processed(amy)
    assert found.seen == []
    assert not ShadowReading.objects.exists()


@pytest.mark.parametrize(("number", "drawn"), [(29, True), (30, False), (99, False), (0, True)])
def test_the_id_of_the_capture_draws_the_share(scripted, looking, shadow, amy, number, drawn):
    looking()
    services.shadow_start(version=shadow, percent=30, actor=None)
    public_id = uuid.uuid4()
    processed(consenting(amy), public_id=uuid.UUID(int=public_id.int - public_id.int % 100 + number))
    assert ShadowReading.objects.exists() is drawn


def test_a_candidate_that_does_not_look_on_reads_nothing(scripted, looking, candidate, amy):
    assert looking().seen == []
    processed(consenting(amy))
    assert not ShadowReading.objects.exists()


def test_a_candidate_that_fails_costs_nobody_the_reading(scripted, looking, shadow, amy):
    def fail():
        raise RuntimeError("a bad network")

    looking(after=fail)
    capture = processed(consenting(amy))
    assert (capture.status, capture.attempts) == (Capture.Status.DONE, 1)
    assert not ShadowReading.objects.exists()


def test_a_candidate_that_cannot_be_loaded_costs_nobody_the_reading(scripted, monkeypatch, shadow, amy):
    monkeypatch.setattr("emotion.versions.shadow.pipelines", lambda: SimpleNamespace(classifier=lambda version: None))
    assert processed(consenting(amy)).status == Capture.Status.DONE


def test_a_withdrawal_while_the_candidate_reads_leaves_nothing_of_it(scripted, looking, shadow, amy):
    consenting(amy)
    looking(after=lambda: consent_record(user=amy, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test"))
    assert processed(amy).status == Capture.Status.DONE
    assert not ShadowReading.objects.exists()


def test_a_reading_that_was_deleted_while_the_candidate_read_stays_deleted(scripted, looking, shadow, amy):
    consenting(amy)
    looking(after=lambda: captures.captures_delete(captures=Capture.objects.filter(user=amy)))
    capture = CaptureFactory(user=amy)
    capture_process(capture.pk)
    assert not EmotionReading.objects.exists()
    assert not ShadowReading.objects.exists()


def test_a_withdrawal_takes_what_the_candidate_said_away(scripted, looking, shadow, amy):
    looking()
    processed(consenting(amy))
    assert ShadowReading.objects.exists()
    consent_record(user=amy, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test")
    assert not ShadowReading.objects.exists()


def looked_on(version, people, dominant, said, each=1, **fields):
    for user in people:
        for _ in range(each):
            reading = ReadingFactory(capture__user=user, emotion=dominant, **fields)
            ShadowReading.objects.create(reading=reading, version=version, dominant=said, confidence=0.6, sure=False)


def test_agreement_is_shown_once_ten_people_stand_behind_it(shadow):
    people = UserFactory.create_batch(10)
    looked_on(shadow, people[:9], "happiness", "happiness", each=3)
    assert selectors.shadow_agreement(shadow) is None
    looked_on(shadow, people, "sadness", "neutral", corrected_emotion="neutral")
    found = selectors.shadow_agreement(shadow)
    assert found is not None
    assert found.readings == 30
    assert found.agreed == pytest.approx(27 / 37)
    assert (found.sure, found.candidate_sure) == (1.0, 0.0)
    assert found.cells == [("sadness", "neutral", 10)]
    assert found.right == (0.0, 1.0, 10)


def test_a_cell_of_few_people_is_not_shown(shadow):
    people = UserFactory.create_batch(10)
    looked_on(shadow, people, "happiness", "happiness")
    looked_on(shadow, people[:9], "fear", "surprise", each=5, corrected_emotion="fear")
    found = selectors.shadow_agreement(shadow)
    assert found is not None
    assert found.cells == []
    assert found.right is None
