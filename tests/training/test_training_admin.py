"""Who may start, watch and cancel a run in the admin, and what she sees."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from emotion.models import TrainingRun
from emotion.training import services
from emotion.training.manifest import manifest_freeze
from tests.factories import UserFactory
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
START = "admin:emotion_trainingrun_start"


@pytest.fixture
def as_trainer(trainer_user):
    trainer_user.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    return staff_log_in(Client(), type(trainer_user).objects.get(pk=trainer_user.pk), reauthenticated=True)


@pytest.fixture
def as_looker(db):
    user = UserFactory(email="vera@example.org", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_trainingrun"))
    return staff_log_in(Client(), user, reauthenticated=True)


@pytest.fixture
def run(trainer_user, active, teacher):
    return services.training_run_create(actor=trainer_user, kind="fine_tune")


def change(run, name="change"):
    return reverse(f"admin:emotion_trainingrun_{name}", args=[run.pk])


def test_the_form_says_what_there_is_and_starts_a_run(as_trainer, active, teacher):
    page = as_trainer.get(reverse(START)).content.decode()
    assert "24 accepted samples can be learned from, 24 of them new" in page
    assert active.version in page
    answer = as_trainer.post(reverse(START), {"kind": "fine_tune", "epochs": "3", "peak_rate": "", "seed": "5"})
    run = TrainingRun.objects.get()
    assert answer["Location"] == change(run)
    assert (run.options["epochs"], run.options["peak_rate"], run.options["seed"]) == (3, 2.5e-4, 5)


@pytest.mark.parametrize(
    ("sent", "word"),
    [({"epochs": "500"}, "These choices are out of bounds"), ({"kind": "full"}, "There are no base data")],
)
def test_what_cannot_be_is_said_beside_the_form(as_trainer, active, teacher, sent, word):
    page = as_trainer.post(reverse(START), {"kind": "fine_tune", **sent}).content.decode()
    assert word in page
    assert not TrainingRun.objects.exists()


def test_a_second_run_is_refused_in_words(as_trainer, run):
    assert "A run is under way already" in as_trainer.post(reverse(START), {"kind": "fine_tune"}).content.decode()


def test_starting_asks_once_more_who_it_is(trainer_user, active, teacher):
    page = staff_log_in(Client(), trainer_user)
    session = page.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 10_000
    session.save()
    answer = page.post(reverse(START), {"kind": "fine_tune"})
    assert "reauthenticate" in answer["Location"]
    assert not TrainingRun.objects.exists()


def test_without_the_permission_a_run_is_seen_and_neither_started_nor_cancelled(as_looker, run):
    assert as_looker.get(change(run)).status_code == 200
    assert as_looker.get(reverse(START)).status_code == 403
    assert as_looker.post(change(run, "cancel")).status_code == 403
    run.refresh_from_db()
    assert run.cancel_requested_at is None


def test_a_run_shows_where_it_is_and_what_it_was_given(as_trainer, run):
    claimed = services.run_claim(run_id=run.pk)
    manifest_freeze(run=claimed)
    history = [{"epoch": n, "loss": 2.0 / n, "accuracy": n / 10, "seconds": 3.0} for n in (1, 2, 3)]
    services.claimed(claimed).update(
        epoch=4, epochs=8, step=5, steps=10, loss=0.512, eta_seconds=130, history=history, log="12:00:00 Epoch 3: fine"
    )
    page = as_trainer.get(change(run)).content.decode()
    for words in ("Epoch 4 of 8, batch 5 of 10", "0.512", "about 3 minutes", "Epoch 3: fine", "Cancel the run"):
        assert words in page
    assert page.count("chart__drawing") == 2
    assert claimed.manifest_sha256 in page
    assert 'style="' not in page
    part = as_trainer.get(change(run, "progress"))
    assert "HX-Refresh" not in part
    assert 'hx-trigger="every 2s"' in part.content.decode()
    services.run_fail(run=claimed, error="no rows")
    part = as_trainer.get(change(run, "progress"))
    assert part["HX-Refresh"] == "true"
    assert "hx-get" not in part.content.decode()
    assert "no rows" in part.content.decode()


def test_a_run_without_validation_rows_shows_its_loss_alone(as_trainer, run):
    TrainingRun.objects.update(history=[{"epoch": 1, "loss": 2.0, "accuracy": None, "seconds": 1.0}])
    assert as_trainer.get(change(run)).content.decode().count("chart__drawing") == 1


def test_the_button_cancels_a_run(as_trainer, run):
    as_trainer.post(change(run, "cancel"))
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert "already" in as_trainer.post(change(run, "cancel"), follow=True).content.decode()


def test_the_list_leads_to_the_form_or_to_the_open_run(as_trainer, active, teacher, trainer_user):
    page = reverse("admin:emotion_trainingrun_changelist")
    assert reverse(START) in as_trainer.get(page).content.decode()
    run = services.training_run_create(actor=trainer_user, kind="fine_tune")
    shown = as_trainer.get(page).content.decode()
    assert "Watch the open run" in shown
    assert str(run.public_id)[:8] in shown
