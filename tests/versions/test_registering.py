import shutil

import pytest

from emotion.models import ModelVersion
from emotion.versions import selectors, services
from ml import artifacts
from ml.errors import ArtifactError
from mood_music.errors import UserError
from privacy.models import AuditEvent
from tests.support.artifacts import write_artifact

pytestmark = pytest.mark.django_db
Status, Origin = ModelVersion.Status, ModelVersion.Origin


@pytest.fixture
def shipped_as(monkeypatch, tmp_path):
    """Let another artifact be the one that ships, as after an update of the project."""

    def ship(network):
        folder = write_artifact(tmp_path / f"shipped-{network}", "mood-face", network.encode())
        monkeypatch.setattr(artifacts, "DEFAULT", folder)
        return artifacts.check(folder).version

    return ship


def test_the_shipped_network_becomes_the_active_version_with_the_figures_of_its_card():
    version = services.version_register_shipped()
    assert version.status == Status.ACTIVE
    assert version.version == artifacts.check(artifacts.DEFAULT).version
    assert artifacts.check(selectors.version_folder(version)).sha256 == version.sha256
    card = artifacts.check(artifacts.DEFAULT).card
    kept = version.evaluation["sets"]["PublicTest"]["reports"]["FER+8"]["accuracy"]
    assert kept == card["evaluation"]["PublicTest"]["FER+8"]["accuracy"]


def test_registering_twice_changes_nothing():
    first = services.version_register_shipped()
    assert services.version_register_shipped() == first
    assert ModelVersion.objects.count() == 1
    assert AuditEvent.objects.filter(kind="model_promoted").count() == 1


def test_a_lost_folder_is_written_again():
    version = services.version_register_shipped()
    shutil.rmtree(selectors.version_folder(version))
    services.version_register_shipped()
    assert artifacts.check(selectors.version_folder(version)).version == version.version


def test_a_newer_shipped_network_follows_an_older_one_whose_files_stay(shipped_as):
    old = shipped_as("one")
    services.version_register_shipped()
    new = shipped_as("two")
    services.version_register_shipped()
    assert dict(ModelVersion.objects.values_list("version", "status")) == {old: Status.RETIRED, new: Status.ACTIVE}
    kept = ModelVersion.objects.get(version=old)
    assert artifacts.check(selectors.version_folder(kept)).version == old


def test_a_newer_shipped_network_does_not_replace_one_that_was_trained_here(shipped_as, tmp_path):
    own = services.version_from_artifact(folder=write_artifact(tmp_path / "own"), origin=Origin.TRAINED)
    ModelVersion.objects.filter(pk=own.pk).update(status=Status.ACTIVE)
    shipped_as("two")
    assert services.version_register_shipped().status == Status.CANDIDATE
    own.refresh_from_db()
    assert own.status == Status.ACTIVE


def test_an_artifact_becomes_a_candidate_with_a_copy_of_its_own(tmp_path):
    folder = write_artifact(tmp_path / "own", "own-face")
    version = services.version_from_artifact(folder=folder, origin=Origin.IMPORTED)
    shutil.rmtree(folder)
    assert version.status == Status.CANDIDATE
    assert artifacts.check(selectors.version_folder(version)).version == version.version
    assert [path.name for path in selectors.version_folder(version).parent.iterdir()] == [version.version]


def test_a_version_that_is_known_is_refused(tmp_path):
    folder = write_artifact(tmp_path / "own")
    services.version_from_artifact(folder=folder, origin=Origin.IMPORTED)
    with pytest.raises(UserError, match="version_known"):
        services.version_from_artifact(folder=folder, origin=Origin.IMPORTED)


def test_what_is_no_artifact_leaves_neither_row_nor_folder(tmp_path, settings):
    folder = write_artifact(tmp_path / "own")
    (folder / "card.json").write_text("{}")
    with pytest.raises(ArtifactError):
        services.version_from_artifact(folder=folder, origin=Origin.IMPORTED)
    assert not ModelVersion.objects.exists()
    assert not settings.MODELS_DIR.exists()
