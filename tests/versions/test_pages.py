import io
import zipfile

import pytest
from django.urls import reverse

from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.versions import selectors, services
from emotion.versions.presenters import Line
from privacy.models import AuditEvent
from tests.factories import UserFactory
from tests.support.artifacts import write_artifact
from tests.support.evaluations import evaluation
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
REASON = "It reads fear badly, but our hold-out has four such faces."
STEPS = ("promote", "shadow", "shadow_stop", "discard", "measure")


def address(name, *args):
    return reverse(f"admin:emotion_modelversion_{name}", args=args)


@pytest.fixture
def root():
    return UserFactory(email="root@example.org", is_staff=True, is_superuser=True)


@pytest.fixture
def as_root(client, root):
    return staff_log_in(client, root, reauthenticated=True)


@pytest.fixture
def viewer(client):
    from django.contrib.auth.models import Permission

    user = UserFactory(is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    return staff_log_in(client, user, reauthenticated=True)


def packed(folder):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    file.seek(0)
    file.name = "artifact.zip"
    return file


def test_the_list_names_each_version_with_its_state_and_figures(as_root, active, candidate):
    page = as_root.get(address("changelist")).content.decode()
    assert active.version in page
    assert "PublicTest 80.0 %" in page
    assert address("import") in page
    assert address("roll_back") not in page


def test_a_version_shows_its_figures_and_what_stands_in_its_way(as_root, worse):
    page = as_root.get(address("change", worse.pk)).content.decode()
    assert "1 of 11 fail" in page
    assert "PublicTest: recall of fear" in page
    assert "blur, sigma 1 px" in page
    assert "+0.0 points" not in page
    assert "fewer than 10 people" in page


def test_side_by_side_shows_both_and_where_they_disagree(as_root, active, worse):
    page = as_root.get(address("compare", worse.pk)).content.decode()
    assert "-70.0 points" in page
    assert "95.2 % of the faces" in page
    assert "is right on 3" in page
    assert active.version in page


def test_a_version_that_was_never_compared_has_no_comparison(as_root, active):
    assert as_root.get(address("compare", active.pk)).status_code == 404
    assert as_root.get(address("change", active.pk)).status_code == 200


def test_a_version_that_nobody_measured_says_so(as_root, active, make):
    page = as_root.get(address("change", make("fresh-face").pk)).content.decode()
    assert "has not been measured here yet" in page
    assert "measured on the same rows as the active version" in page


def test_a_version_that_could_not_be_loaded_or_whose_files_are_damaged_says_so(as_root, active, candidate):
    services.version_loaded(version=active, error="model.keras cannot be loaded")
    assert "model.keras cannot be loaded" in as_root.get(address("change", active.pk)).content.decode()
    (selectors.version_folder(candidate) / "card.json").unlink()
    assert "damaged or gone" in as_root.get(address("change", candidate.pk)).content.decode()


def test_promoting_from_the_page(as_root, root, active, candidate):
    assert "Why shall it" not in as_root.get(address("promote", candidate.pk)).content.decode()
    assert active_version() == active
    answer = as_root.post(address("promote", candidate.pk), follow=True)
    assert "is active now" in answer.content.decode()
    assert active_version() == candidate
    assert active_version().promoted_by == root


def test_a_failed_gate_asks_for_a_reason(as_root, active, worse):
    page = as_root.get(address("promote", worse.pk)).content.decode()
    assert "recall of fear" in page
    as_root.post(address("promote", worse.pk), {"reason": "because"})
    assert active_version() == active
    as_root.post(address("promote", worse.pk), {"reason": REASON})
    assert active_version() == worse
    assert AuditEvent.objects.filter(kind="model_promoted").latest("number").detail["reason"] == REASON


def test_rolling_back_from_the_page(as_root, active, candidate):
    services.version_promote(version=candidate, actor=None)
    assert address("roll_back") in as_root.get(address("changelist")).content.decode()
    as_root.post(address("roll_back"))
    assert active_version() == active
    assert as_root.get(address("roll_back")).status_code == 302


def test_looking_on_discarding_and_measuring_from_the_page(as_root, active, candidate, monkeypatch):
    asked = []
    monkeypatch.setattr("emotion.versions.tasks.version_measure.delay", asked.append)
    as_root.post(address("measure", candidate.pk))
    assert asked == [candidate.pk]
    as_root.post(address("shadow", candidate.pk), {"percent": "0"})
    assert not ModelVersion.objects.filter(in_shadow=True).exists()
    as_root.post(address("shadow", candidate.pk), {"percent": "25"})
    assert ModelVersion.objects.get(in_shadow=True).shadow_percent == 25
    as_root.post(address("shadow_stop", candidate.pk))
    assert not ModelVersion.objects.filter(in_shadow=True).exists()
    as_root.post(address("discard", candidate.pk))
    candidate.refresh_from_db()
    assert candidate.status == "retired"


def test_a_queue_that_is_down_is_told(as_root, active, candidate, monkeypatch):
    from kombu.exceptions import OperationalError

    def down(pk):
        raise OperationalError

    monkeypatch.setattr("emotion.versions.tasks.version_measure.delay", down)
    assert "queue cannot be reached" in as_root.post(address("measure", candidate.pk)).content.decode()


def test_a_step_that_comes_too_late_says_so(as_root, active, candidate):
    services.version_discard(version=candidate, actor=None)
    page = as_root.post(address("discard", candidate.pk)).content.decode()
    assert "cannot be done with this version now" in page


def test_importing_from_the_page(as_root, active, tmp_path):
    folder = write_artifact(tmp_path / "guest", "guest-face", evaluation={"PublicTest": {}})
    answer = as_root.post(address("import"), {"file": packed(folder)}, follow=True)
    assert "guest-face" in answer.redirect_chain[-1][0] or "is a candidate" in answer.content.decode()
    assert ModelVersion.objects.get(version__startswith="guest-face").evaluation == {}


def test_a_tampered_file_is_refused_on_the_page(as_root, active, tmp_path):
    folder = write_artifact(tmp_path / "guest", "guest-face")
    (folder / "model.keras").write_bytes(b"tampered with")
    page = as_root.post(address("import"), {"file": packed(folder)}).content.decode()
    assert "differs from its SHA-256" in page
    assert str(tmp_path) not in page
    assert ModelVersion.objects.count() == 1


def test_a_file_past_the_cap_is_refused_on_the_page(as_root, active, settings):
    settings.MAX_UPLOAD_MEGABYTES = 1
    file = io.BytesIO(b"x" * (1024 * 1024 + 1))
    file.name = "artifact.zip"
    assert "too large" in as_root.post(address("import"), {"file": file}).content.decode()


@pytest.mark.parametrize("name", STEPS)
def test_whoever_may_only_look_can_move_nothing(viewer, active, candidate, name):
    assert viewer.get(address("change", candidate.pk)).status_code == 200
    assert address(name, candidate.pk) not in viewer.get(address("change", candidate.pk)).content.decode()
    before = ModelVersion.objects.values().get(pk=candidate.pk)
    assert viewer.post(address(name, candidate.pk), {"percent": "9"}).status_code == 403
    assert ModelVersion.objects.values().get(pk=candidate.pk) == before


@pytest.mark.parametrize("name", ["roll_back", "import"])
def test_whoever_may_only_look_can_neither_roll_back_nor_import(viewer, active, name):
    assert viewer.post(address(name)).status_code == 403


def test_staff_without_the_right_to_look_see_nothing(client, active, worse):
    staff_log_in(client, UserFactory(is_staff=True), reauthenticated=True)
    for name in ("change", "compare"):
        assert client.get(address(name, worse.pk)).status_code == 403


@pytest.mark.parametrize("name", STEPS)
def test_each_step_asks_who_it_is_once_more(client, root, active, candidate, name, settings):
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    staff_log_in(client, root)
    answer = client.post(address(name, candidate.pk), {"percent": "9"})
    assert answer.status_code == 302
    assert "reauthenticate" in answer.url
    assert active_version() == active
    candidate.refresh_from_db()
    assert (candidate.status, candidate.in_shadow) == ("candidate", False)


def test_a_version_measured_on_several_sets_shows_each(as_root, active, make):
    both = make("both-face", evaluation=evaluation(sets=("PublicTest", "site")))
    page = as_root.get(address("change", both.pk)).content.decode()
    assert "FER2013, PublicTest" in page
    assert "Held out on this site" in page


@pytest.mark.parametrize(
    ("line", "text", "better"),
    [
        (Line("x", 0.8511, 0.8493), "+0.2 points", 1),
        (Line("x", 0.84934, 0.84932), "±0.0 points", 0),
        (Line("x", 0.012, 0.02, "number", less_is_better=True), "-0.0080", 1),
        (Line("x", 5_100_000, 5_099_000, "bytes", less_is_better=True), "±0.00 MB", 0),
        (Line("x", 3.65, 3.44, "milliseconds", less_is_better=True), "+0.21 ms", -1),
        (Line("x", 0.5), "", 0),
    ],
)
def test_a_difference_counts_from_the_last_digit_that_is_written(line, text, better):
    assert (line.change_text, line.better) == (text, better)
