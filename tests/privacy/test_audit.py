"""The audit log is append-only, and whoever changes it all the same is found out."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from privacy.audit import audit_faults, audit_write
from privacy.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(amy):
    for number in range(3):
        audit_write(kind="test", subject=amy, detail={"number": number})
    return AuditEvent.objects.all()


def test_a_whole_log_verifies(log, capsys):
    assert list(audit_faults()) == []
    call_command("audit_verify")
    assert "nothing changed" in capsys.readouterr().out


def test_an_event_can_be_neither_changed_nor_deleted(log):
    event = log[0]
    for act in (event.save, event.delete, log.delete, lambda: log.update(kind="other")):
        with pytest.raises(TypeError, match="append-only"):
            act()


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE privacy_auditevent SET kind = 'other' WHERE number = (SELECT max(number) - 1 FROM privacy_auditevent)",
        "DELETE FROM privacy_auditevent WHERE number = (SELECT max(number) - 1 FROM privacy_auditevent)",
        "DELETE FROM privacy_auditevent WHERE number = (SELECT max(number) FROM privacy_auditevent)",
        "DELETE FROM privacy_auditevent",
        "UPDATE privacy_auditevent SET digest = previous WHERE number = 1",
        "DELETE FROM privacy_audithead",
    ],
)
def test_an_event_that_was_changed_or_cut_out_in_the_database_is_found(log, tampering):
    with connection.cursor() as cursor:
        cursor.execute(tampering)
    assert list(audit_faults())
    with pytest.raises(CommandError):
        call_command("audit_verify")


def test_the_log_names_a_person_by_one_random_reference_that_goes_with_her(log, amy):
    [reference] = set(log.filter(kind="test").values_list("subject", flat=True))
    assert reference != amy.public_id
    amy.delete()
    assert list(audit_faults()) == []
