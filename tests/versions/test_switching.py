import time
from types import SimpleNamespace

import pytest

from emotion.models import ModelVersion
from emotion.pipelines import Pipelines
from emotion.versions import selectors, services
from ml import artifacts
from ml.errors import ArtifactError
from tests.support.artifacts import write_artifact

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded():
    """List the versions that were loaded, in order."""
    return []


@pytest.fixture
def broken():
    """Hold the versions whose network cannot be loaded though its digests are right."""
    return set()


@pytest.fixture
def pipelines(loaded, broken):
    def load(folder):
        version = artifacts.check(folder).version
        loaded.append(version)
        if version in broken:
            raise ArtifactError(f"{version} cannot be loaded")
        return SimpleNamespace(version=version)

    return Pipelines(load_detector=lambda: loaded.append("detector") or object(), load_classifier=load)


def version_of(tmp_path, name):
    return services.version_from_artifact(folder=write_artifact(tmp_path / name, name), origin="trained")


def promote(version):
    active = services._locked_active()
    services._activate(version, active, actor=None)
    return version


def test_a_site_without_versions_reads_with_the_shipped_one(pipelines):
    assert pipelines.active().classifier.version == artifacts.check(artifacts.DEFAULT).version
    assert ModelVersion.objects.get().status == "active"


def test_a_promotion_is_followed_at_the_next_task_and_the_way_back_costs_no_loading(pipelines, loaded, tmp_path):
    shipped = services.version_register_shipped()
    assert pipelines.active().classifier.version == shipped.version
    new = promote(version_of(tmp_path, "new"))
    assert pipelines.active().classifier.version == new.version
    promote(shipped)
    assert pipelines.active().classifier.version == shipped.version
    assert loaded == [shipped.version, "detector", new.version]


def test_of_many_versions_two_are_kept(pipelines, loaded, tmp_path):
    for name in ("one", "two", "three"):
        promote(version_of(tmp_path, name))
        pipelines.active()
    assert len(pipelines._classifiers) == 2
    promote(ModelVersion.objects.get(version__startswith="one"))
    pipelines.active()
    assert [name.split("-")[0] for name in loaded if name != "detector"] == ["one", "two", "three", "one"]


def test_a_version_that_cannot_be_loaded_leaves_the_one_before_reading_and_says_so(pipelines, broken, loaded, tmp_path):
    good = promote(version_of(tmp_path, "good"))
    pipelines.active()
    bad = promote(version_of(tmp_path, "bad"))
    broken.add(bad.version)
    assert [pipelines.active().classifier.version for _ in range(3)] == [good.version] * 3
    assert loaded.count(bad.version) == 1
    bad.refresh_from_db()
    assert "cannot be loaded" in bad.load_error


def test_a_damaged_folder_is_no_other_version(pipelines, tmp_path):
    good = promote(version_of(tmp_path, "good"))
    pipelines.active()
    bad = promote(version_of(tmp_path, "bad"))
    (selectors.version_folder(bad) / "model.keras").write_bytes(b"tampered with")
    assert pipelines.active().classifier.version == good.version


def test_a_fresh_worker_reads_with_the_last_good_version(pipelines, broken, tmp_path):
    good = promote(version_of(tmp_path, "good"))
    broken.add(promote(version_of(tmp_path, "bad")).version)
    assert pipelines.active().classifier.version == good.version


def test_a_version_that_could_not_be_loaded_is_tried_again_later(pipelines, broken, tmp_path, monkeypatch):
    promote(version_of(tmp_path, "good"))
    pipelines.active()
    bad = promote(version_of(tmp_path, "bad"))
    broken.add(bad.version)
    pipelines.active()
    broken.clear()
    later = time.monotonic() + 61
    monkeypatch.setattr("emotion.pipelines.time.monotonic", lambda: later)
    assert pipelines.active().classifier.version == bad.version
    bad.refresh_from_db()
    assert bad.load_error == ""


def test_without_any_version_that_loads_the_task_fails(pipelines, broken):
    broken.add(services.version_register_shipped().version)
    with pytest.raises(ArtifactError, match="no version"):
        pipelines.active()


def test_each_task_asks_the_database_once(pipelines, django_assert_num_queries):
    pipelines.active()
    with django_assert_num_queries(1):
        pipelines.active()
