import numpy as np
import pytest

from emotion.models import ModelVersion, TrainingSample
from emotion.versions import evaluating
from emotion.versions.selectors import version_gates
from emotion.versions.tasks import version_measure
from ml import artifacts
from ml.errors import ArtifactError
from ml.types import EMOTIONS
from privacy.models import ConsentRecord
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.factories import UserFactory
from tests.ml.conftest import write_data
from tests.support.evaluations import evaluation

pytestmark = pytest.mark.django_db


class Reader:
    """Read a face of brightness 10 i as emotion i, or every face as neutral."""

    sure_confidence = 0.5

    def __init__(self, *, blind=False):
        self.blind = blind

    def probabilities(self, faces):
        said = np.rint(faces.mean(axis=(1, 2)) / 10).astype(int).clip(0, 7) * (not self.blind)
        scores = np.full((len(faces), 8), 0.02)
        scores[np.arange(len(faces)), said] = 0.86
        return scores, np.full((len(faces), 7), 1 / 7)


@pytest.fixture
def readers(monkeypatch):
    """Let the second version read and the first one be blind; no network is loaded."""

    def load(folder):
        version = artifacts.check(folder).version
        if version.startswith("broken"):
            raise ArtifactError("model.keras cannot be loaded")
        return Reader(blind=version.startswith("first"))

    monkeypatch.setattr("ml.classifier.Classifier.load", load)


@pytest.fixture(autouse=True)
def _no_base_data(settings):
    settings.TRAINING_BASE_DATA = ""


def sample(user, number, **fields):
    from io import BytesIO

    from django.core.files.base import ContentFile
    from PIL import Image

    file = BytesIO()
    Image.fromarray(np.full((48, 48), 10 * number, np.uint8)).save(file, "PNG")
    values = {
        "status": "accepted", "label": EMOTIONS[number].value, "held_out": True, "sha256": "0" * 64,
        "predicted": "neutral", "model_version": "x", "origin": "corrected",
        "consent": ConsentRecord.objects.filter(user=user, purpose=Purpose.TRAIN_MODEL).latest("id"),
    }  # fmt: skip
    return TrainingSample.objects.create(user=user, image=ContentFile(file.getvalue(), "x.png"), **values | fields)


@pytest.fixture
def held_out():
    user = UserFactory()
    consent_record(user=user, purpose=Purpose.TRAIN_MODEL, granted=True, given_through="test")
    for number in range(24):
        sample(user, number % 8)
    return user


def test_both_versions_are_measured_on_the_held_out_samples_of_the_site(readers, active, candidate, held_out):
    sample(held_out, 1, held_out=False)
    sample(held_out, 1, status="pending")
    version = evaluating.version_evaluate(candidate)
    version.refresh_from_db()
    found = version.evaluation
    assert found["sets"]["site"]["reports"]["FER+8"]["n"] == 24
    assert found["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 1.0
    assert found["reference"]["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 0.125
    assert found["compared_with"] == active.version
    assert found["comparison"]["disagreements"]["site"]["first_right"] == 21
    assert (found["size"], found["reference"]["size"]) == (candidate.size, active.size)
    assert {gate.name for gate in version_gates(version) if not gate.passed} <= {"milliseconds for one face"}


def test_the_word_of_the_reviewer_counts(readers, active, candidate, held_out):
    TrainingSample.objects.filter(label="happiness").update(reviewed_label="fear")
    version = evaluating.version_evaluate(candidate)
    assert version.evaluation["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 0.875


def test_a_few_samples_are_no_hold_out(readers, active, candidate, held_out):
    ids = TrainingSample.objects.values_list("pk", flat=True)[:5]
    TrainingSample.objects.filter(pk__in=list(ids)).delete()
    version = evaluating.version_evaluate(candidate)
    assert version.evaluation["sets"] == {}
    assert any("measured on the same rows" in gate.name for gate in version_gates(version) if not gate.passed)


def test_nobody_is_measured_on_who_has_withdrawn(readers, active, candidate, held_out):
    consent_record(user=held_out, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test")
    assert evaluating.version_evaluate(candidate).evaluation["sets"] == {}


def test_the_test_rows_of_the_base_data_are_measured_on_as_well(
    readers, active, candidate, held_out, settings, tmp_path
):
    settings.TRAINING_BASE_DATA = str(write_data(tmp_path / "data", training=40, public_test=24))
    found = evaluating.version_evaluate(candidate).evaluation
    assert list(found["sets"]) == ["PublicTest", "site"]
    assert set(found["sets"]["PublicTest"]["reports"]) == {"FER+8", "FER+7", "FER2013-7"}
    assert found["robustness"]["usage"] == "PublicTest"


def test_the_active_version_is_measured_against_nothing(readers, active, held_out):
    found = evaluating.version_evaluate(active).evaluation
    assert found["sets"]["site"]["reports"]["FER+8"]["accuracy"] == 0.125
    assert "reference" not in found


def test_the_task_keeps_why_a_version_cannot_be_measured(readers, active, make):
    broken = make("broken-face", evaluation=evaluation())
    version_measure(broken.pk)
    broken.refresh_from_db()
    assert broken.load_error == "model.keras cannot be loaded"
    assert broken.evaluation == evaluation()


def test_the_task_measures_and_leaves_a_version_that_is_gone_alone(readers, active, candidate, held_out):
    ModelVersion.objects.filter(pk=candidate.pk).update(load_error="of yesterday", evaluation={})
    version_measure(candidate.pk)
    candidate.refresh_from_db()
    assert candidate.load_error == ""
    assert "site" in candidate.evaluation["sets"]
    version_measure(0)
