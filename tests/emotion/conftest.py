import pytest

from emotion.tasks import capture_process
from tests.emotion.learning import ALL
from tests.factories import CaptureFactory, UserFactory


@pytest.fixture
def learner(db):
    """Return somebody who lets the network learn from her."""
    return UserFactory(email="lea@example.org", consents=ALL)


@pytest.fixture
def read(scripted, learner):
    """Return a function that has a picture of a person read, and returns the reading."""

    def one(user=learner, **fields):
        capture = CaptureFactory(user=user, **fields)
        capture_process(capture.pk)
        return capture.readings.get()

    return one
