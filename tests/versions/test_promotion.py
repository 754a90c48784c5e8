from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.versions import selectors, services
from mood_music.errors import UserError
from privacy.models import AuditEvent
from tests.support.evaluations import compared, evaluation

pytestmark = pytest.mark.django_db
Status = ModelVersion.Status
REASON = "It reads fear badly, but our hold-out has four such faces."


def event(kind):
    return AuditEvent.objects.filter(kind=kind).latest("number").detail


def test_a_candidate_that_passes_becomes_active_and_the_one_before_retires(active, candidate, amy):
    services.version_promote(version=candidate, actor=amy)
    active.refresh_from_db()
    candidate.refresh_from_db()
    assert (candidate.status, active.status) == (Status.ACTIVE, Status.RETIRED)
    assert candidate.promoted_by == amy
    assert event("model_promoted") == {
        "version": candidate.version, "before": active.version, "failed_gates": [], "reason": ""
    }  # fmt: skip


@pytest.mark.parametrize("reason", ["", "too short", " " * 40, "a  b  c  d  e  f  g"])
def test_a_failed_gate_stops_a_promotion_without_a_reason(active, worse, reason):
    with pytest.raises(UserError, match="version_gates"):
        services.version_promote(version=worse, actor=None, override_reason=reason)
    assert active_version() == active


def test_a_written_reason_goes_past_a_failed_gate_and_into_the_audit_log(active, worse):
    services.version_promote(version=worse, actor=None, override_reason=REASON)
    assert active_version() == worse
    assert event("model_promoted")["failed_gates"] == ["PublicTest: recall of fear"]
    assert event("model_promoted")["reason"] == REASON


def test_a_candidate_that_nobody_measured_needs_a_reason(active, make):
    with pytest.raises(UserError, match="version_gates"):
        services.version_promote(version=make("fresh-face"), actor=None)


def test_figures_beside_another_version_than_the_active_one_do_not_count(active, make):
    stale = make("stale-face", evaluation=compared(evaluation(), evaluation(), "older-face-12345678"))
    assert not all(gate.passed for gate in selectors.version_gates(stale))
    with pytest.raises(UserError, match="version_gates"):
        services.version_promote(version=stale, actor=None)


def test_an_active_version_is_not_promoted_again(active):
    with pytest.raises(UserError, match="version_state"):
        services.version_promote(version=active, actor=None)


def test_a_version_whose_files_were_changed_is_not_promoted_whatever_the_reason(active, candidate):
    (selectors.version_folder(candidate) / "model.keras").write_bytes(b"another network")
    with pytest.raises(UserError, match="version_damaged"):
        services.version_promote(version=candidate, actor=None, override_reason=REASON)


def test_files_that_were_exchanged_for_others_that_are_whole_are_noticed(active, candidate, tmp_path):
    from tests.support.artifacts import write_artifact

    write_artifact(selectors.version_folder(candidate), "second-face", b"another network, signed anew")
    with pytest.raises(UserError, match="version_damaged"):
        services.version_promote(version=candidate, actor=None)


def test_a_version_that_has_to_be_replaced_is_not_promoted_after_its_term(active, candidate):
    candidate.retire_by = timezone.localdate()
    candidate.save()
    with pytest.raises(UserError, match="version_overdue"):
        services.version_promote(version=candidate, actor=None, override_reason=REASON)
    candidate.retire_by = timezone.localdate() + timedelta(days=1)
    candidate.save()
    assert services.version_promote(version=candidate, actor=None).status == Status.ACTIVE


def test_the_database_allows_one_active_version(active, candidate):
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelVersion.objects.filter(pk=candidate.pk).update(status=Status.ACTIVE)


def test_rolling_back_leads_to_the_version_before_and_past_no_gate(active, worse):
    services.version_promote(version=worse, actor=None, override_reason=REASON)
    assert services.version_roll_back(actor=None) == active
    worse.refresh_from_db()
    assert worse.status == Status.RETIRED
    assert event("model_rolled_back") == {"version": active.version, "before": worse.version}


def test_rolling_back_twice_leads_two_versions_back_and_not_to_and_fro(active, make):
    for name in ("second-face", "third-face"):
        services.version_promote(version=make(name), actor=None, override_reason=REASON)
    services.version_roll_back(actor=None)
    assert services.version_roll_back(actor=None) == active
    with pytest.raises(UserError, match="version_first"):
        services.version_roll_back(actor=None)


def test_a_discarded_candidate_is_never_rolled_back_to(active, candidate, worse):
    services.version_discard(version=candidate, actor=None)
    services.version_promote(version=worse, actor=None, override_reason=REASON)
    assert selectors.version_before(active_version()) == active
    candidate.refresh_from_db()
    assert candidate.status == Status.RETIRED


def test_a_retired_version_is_promoted_again_through_its_gates(active, candidate):
    services.version_promote(version=candidate, actor=None)
    with pytest.raises(UserError, match="version_gates"):
        services.version_promote(version=active, actor=None)
    services.version_promote(version=active, actor=None, override_reason=REASON)
    assert active_version() == active


def test_only_a_candidate_is_discarded(active):
    with pytest.raises(UserError, match="version_state"):
        services.version_discard(version=active, actor=None)


def test_one_candidate_looks_on_at_a_time_and_promotion_ends_it(active, candidate, worse):
    services.shadow_start(version=candidate, percent=30, actor=None)
    services.shadow_start(version=worse, percent=10, actor=None)
    assert list(ModelVersion.objects.filter(in_shadow=True)) == [worse]
    services.version_promote(version=worse, actor=None, override_reason=REASON)
    worse.refresh_from_db()
    assert (worse.in_shadow, worse.shadow_percent) == (False, 0)


@pytest.mark.parametrize("percent", [0, -1, 101])
def test_a_share_that_is_none_is_refused(candidate, percent):
    with pytest.raises(UserError, match="shadow_share"):
        services.shadow_start(version=candidate, percent=percent, actor=None)


def test_the_active_version_does_not_look_on_at_itself(active):
    with pytest.raises(UserError, match="version_state"):
        services.shadow_start(version=active, percent=10, actor=None)


def test_looking_on_is_stopped_once(candidate):
    services.shadow_start(version=candidate, percent=30, actor=None)
    services.shadow_stop(version=candidate, actor=None)
    with pytest.raises(UserError, match="version_state"):
        services.shadow_stop(version=candidate, actor=None)
    assert AuditEvent.objects.filter(kind="shadow_stopped").count() == 1


def test_the_files_of_an_overdue_version_go_once_it_does_not_read_any_more(active, candidate):
    today = timezone.localdate()
    candidate.retire_by, active.retire_by = today, today
    candidate.save()
    active.save()
    assert services.versions_overdue() == [candidate]
    assert services.versions_expire() == 1
    assert not selectors.version_folder(candidate).exists()
    assert selectors.version_folder(active).exists()
    assert services.versions_expire() == 0
    assert event("model_files_deleted") == {"version": candidate.version}
    assert ModelVersion.objects.filter(pk=candidate.pk).exists()


def test_before_its_term_is_over_a_version_keeps_its_files(active, candidate):
    candidate.retire_by = timezone.localdate() + timedelta(days=1)
    candidate.save()
    assert services.versions_expire() == 0
    assert selectors.version_folder(candidate).exists()
