"""What the tests of training runs share: people who allow it, accepted faces of theirs, a small active version."""

from __future__ import annotations

import hashlib
import io
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from emotion.models import ModelVersion, TrainingSample
from emotion.samples.selectors import held_out_of
from emotion.training.manifest import validates
from emotion.versions.services import version_from_artifact
from ml.types import EMOTIONS
from privacy.models import ConsentRecord
from privacy.purposes import Purpose
from tests.factories import UserFactory


def pytest_collection_modifyitems(items):
    """Let TensorFlow's own use of NumPy pass: its tensors lack an argument that NumPy 2 asks for."""
    for item in items:
        if item.path.parent.name == "training":
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"))


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.MODELS_DIR, settings.TRAINING_DIR = tmp_path / "models", tmp_path / "training"
    settings.TRAINING_BASE_DATA = ""


@pytest.fixture
def trainer_user(db):
    user = UserFactory(email="tara@example.org", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="start_trainingrun"))
    return type(user).objects.get(pk=user.pk)


def person(*, held_out: bool = False, validating: bool = False):
    """Return somebody who lets the network learn, on the wanted side."""
    while True:
        user = UserFactory(consents=(Purpose.EMOTION_INFERENCE, Purpose.TRAIN_MODEL))
        if (held_out_of(user), validates(user)) == (held_out, validating):
            return user


def face(seed: int) -> np.ndarray:
    return np.random.default_rng(seed + 1000).integers(0, 256, (48, 48)).astype(np.uint8)


def samples_of(user, count: int, first: int = 0) -> list[TrainingSample]:
    """Give a person accepted samples, as the review leaves them."""
    consent = ConsentRecord.objects.filter(user=user, purpose=Purpose.TRAIN_MODEL).latest("id")
    made = []
    for number in range(first, first + count):
        pixels, file = face(user.pk * 1000 + number), io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        label = EMOTIONS[number % len(EMOTIONS)]
        made.append(
            TrainingSample.objects.create(
                user=user, consent=consent, status="accepted", image=ContentFile(file.getvalue(), "face.png"),
                sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), label=label, origin="corrected",
                predicted="neutral", model_version="x", held_out=held_out_of(user), labelled_at=timezone.now(),
            )
        )  # fmt: skip
    return made


@pytest.fixture
def teacher(db):
    """Return somebody with 24 accepted samples to learn from."""
    user = person()
    samples_of(user, 24)
    return user


def small_network(folder: Path) -> Path:
    """Write a network with random weights whose card tells how it was made."""
    import keras

    from ml import artifacts
    from ml.architecture import ArchitectureConfig, build
    from ml.training import TrainingConfig

    form = ArchitectureConfig(widths=(4, 8), blocks=(1, 1))
    keras.utils.set_random_seed(3)
    card = {
        "name": "tiny-face",
        "temperatures": {"emotion": 1.5, "original": 1.0},
        "config": asdict(TrainingConfig(architecture=form)),
        "data": {"training_sha256": "0" * 64},
    }
    return artifacts.save(build(form), card, folder).folder


@pytest.fixture(scope="session")
def start_artifact(tmp_path_factory):
    return small_network(tmp_path_factory.mktemp("start"))


@pytest.fixture
def active(db, start_artifact):
    """Make the small network the active version."""
    version = version_from_artifact(folder=start_artifact, origin=ModelVersion.Origin.IMPORTED)
    ModelVersion.objects.filter(pk=version.pk).update(status="active")
    return version
