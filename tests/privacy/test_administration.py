"""What administrators may see and must do: sums over ten people, glass to break, clocks to keep."""

import datetime
from pathlib import Path

import pytest
import time_machine
from django.contrib import admin
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from emotion.models import EmotionReading
from emotion.statistics import SMALLEST_GROUP, readings_by_month
from mood_music.errors import UserError
from privacy import glass
from privacy.models import AuditEvent, BreakGlass, ErasureRequest, RightsRequest
from privacy.record import generated, record, written_into
from privacy.registry import categories
from privacy.rights import due_date, rights_alarm
from privacy.services import sensitive_use_limit
from privacy.subjects import Subject
from tests.factories import ReadingFactory, UserFactory
from tests.privacy.filling import Filler
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/privacy.md"
REASON = "She wrote that her readings are somebody else's; case 12."


def test_the_documents_tables_are_what_the_registry_says_now():
    assert written_into(DOCUMENT.read_text()) == DOCUMENT.read_text(), "run manage.py ropa --write docs/privacy.md"


def test_the_record_of_processing_has_every_category_with_all_that_the_law_asks_for(capsys):
    assert [entry["name"] for entry in record()] == [category.name for category in categories()]
    for entry in record():
        assert entry["purpose"]
        assert entry["basis"]
        assert entry["recipients"]
        assert entry["retention"]
        assert entry["where"]
    call_command("ropa")
    assert capsys.readouterr().out.strip() == generated()


def test_a_document_without_a_place_for_the_record_is_refused(tmp_path):
    (tmp_path / "x.md").write_text("nothing here")
    with pytest.raises(CommandError):
        call_command("ropa", write=tmp_path / "x.md")


def people_with(emotion, count):
    for _ in range(count):
        ReadingFactory(emotion=emotion)


def test_no_figure_is_shown_that_fewer_than_ten_people_stand_behind(admin_client):
    people_with("happiness", SMALLEST_GROUP)
    people_with("fear", SMALLEST_GROUP - 1)
    ReadingFactory.create_batch(30, capture__user=UserFactory(), emotion="anger")
    assert [(cell.emotion, cell.readings) for cell in readings_by_month()] == [("happiness", 10)]
    page = admin_client.get(reverse("admin:emotion_statistics")).content.decode()
    assert "happiness" in page
    assert "fear" not in page
    assert "anger" not in page


def test_one_more_reading_does_not_show(admin_client):
    people_with("happiness", SMALLEST_GROUP)
    before = readings_by_month()
    ReadingFactory(emotion="happiness")
    assert readings_by_month() == before


def test_whoever_limits_the_use_of_her_moods_is_in_no_figure():
    people_with("happiness", SMALLEST_GROUP)
    sensitive_use_limit(user=EmotionReading.objects.first().user, limited=True)
    assert readings_by_month() == []


def test_an_administrator_sees_of_a_person_only_what_the_register_says(admin_client):
    """Fill every model, open every list and every row of the admin, and look for what names the person."""
    filler = Filler("markofamy")
    needles = Subject.of(filler.fill()).needles
    shown, routes = (
        set(),
        {pattern.name for each in admin.site.urls[0] for pattern in getattr(each, "url_patterns", [])},
    )
    for model, page in admin.site._registry.items():
        pages = [("changelist", []), ("change", [filler.made[model].pk])] if model in filler.made else []
        for name, row in pages:
            if f"{model._meta.app_label}_{model._meta.model_name}_{name}" not in routes:
                continue
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=row)
            text = admin_client.get(address).content.decode()
            if any(needle in text for needle in needles):
                shown.add(page.opts.label)
    told = {t.model for c in categories() for t in c.tables if "administrators" in c.seen_by}
    assert "accounts.User" in shown
    assert shown <= told
    # What reveals moods or faces is registered nowhere: only captures, without what was read, and what is told.
    sensitive = {t.model for c in categories() if c.sensitive for t in c.tables}
    registered = {page.opts.label for page in admin.site._registry.values()}
    assert sensitive & registered <= {"emotion.Capture"} | told


def test_to_delete_an_account_in_the_admin_is_to_erase_it(client, root, amy):
    ReadingFactory(capture__user=amy)
    page = reverse("admin:accounts_user_delete", args=[amy.pk])
    assert "happiness" not in client.get(page).content.decode()
    client.post(page, {"post": "yes"})
    assert not EmotionReading.objects.exists()
    request = ErasureRequest.objects.get()
    assert (request.user, request.scope, request.status) == (amy, "account", "grace")
    event = AuditEvent.objects.get(kind="erasure_requested")
    assert event.actor not in {None, event.subject}
    client.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "delete_selected", "_selected_action": [UserFactory().pk], "post": "yes"},
    )
    assert ErasureRequest.objects.count() == 2


def test_the_admin_shows_neither_readings_nor_pictures(admin_client, amy):
    reading = ReadingFactory(capture__user=amy, crop="crops/a.jpg")
    pages = [reverse("admin:emotion_capture_changelist"), reverse("admin:index")]
    pages.append(reverse("admin:emotion_capture_change", args=[reading.capture_id]))
    for page in pages:
        text = admin_client.get(page).content.decode()
        assert "happiness" not in text
        assert "crops/" not in text
        assert "amy@" not in text


@pytest.fixture
def root(client):
    user = UserFactory(email="root@example.org", is_staff=True, is_superuser=True)
    staff_log_in(client, user, reauthenticated=True)
    return user


def test_readings_of_a_person_open_only_with_a_reason_are_logged_told_and_close_again(client, root, amy):
    ReadingFactory(capture__user=amy, crop="crops/a.jpg")
    look = reverse("admin:emotion_glass_look", args=[amy.public_id])
    assert client.get(look).status_code == 403
    answer = client.post(reverse("admin:emotion_glass"), {"person": amy.public_id, "reason": REASON})
    assert answer.url == look
    page = client.get(look).content.decode()
    assert "happiness" in page
    assert "crops/" not in page
    [letter] = mail.outbox
    assert letter.to == ["amy@example.org"]
    assert REASON in letter.body
    events = {event.kind: event for event in AuditEvent.objects.all()}
    assert events["glass_broken"].actor != events["glass_broken"].subject
    assert "glass_look" in events
    with (
        time_machine.travel(timezone.now() + glass.OPEN_FOR, tick=False),
        pytest.raises(UserError, match="glass_whole"),
    ):
        glass.glass_look(actor=root, user=amy)


def test_a_glass_that_one_administrator_broke_is_whole_for_another(root, amy):
    glass.glass_break(actor=root, user=amy, reason=REASON)
    other = UserFactory(is_staff=True, is_superuser=True)
    with pytest.raises(UserError, match="glass_whole"):
        glass.glass_look(actor=other, user=amy)


def test_readings_stay_closed_while_their_person_cannot_be_told(client, root, amy, monkeypatch):
    def down(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr(glass, "send_mail", down)
    answer = client.post(reverse("admin:emotion_glass"), {"person": amy.public_id, "reason": REASON})
    assert "nothing was opened" in answer.content.decode()
    assert not BreakGlass.objects.exists()
    assert client.get(reverse("admin:emotion_glass_look", args=[amy.public_id])).status_code == 403
    assert not AuditEvent.objects.filter(kind__startswith="glass").exists()


def test_no_reason_no_look(client, root, amy):
    answer = client.post(reverse("admin:emotion_glass"), {"person": amy.public_id, "reason": "because"})
    assert "Say in a sentence why" in answer.content.decode()
    assert not BreakGlass.objects.exists()


def test_breaking_the_glass_asks_for_the_password_once_more(client, amy):
    staff_log_in(client, UserFactory(is_staff=True, is_superuser=True))
    answer = client.post(reverse("admin:emotion_glass"), {"person": amy.public_id, "reason": REASON})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize("rights", [{}, {"is_staff": True}])
def test_weak_staff_and_others_come_near_none_of_it(client, amy, rights):
    staff_log_in(client, UserFactory(**rights), reauthenticated=True)
    look = reverse("admin:emotion_glass_look", args=[amy.public_id])
    for address in (reverse("admin:emotion_statistics"), reverse("admin:emotion_glass"), look):
        assert client.get(address).status_code in {302, 403}
    client.post(reverse("admin:emotion_glass"), {"person": amy.public_id, "reason": REASON})
    assert not BreakGlass.objects.exists()


@pytest.mark.parametrize(
    ("law", "received", "due"),
    [
        ("gdpr", (2026, 1, 31), (2026, 2, 28)),
        ("gdpr", (2026, 11, 22), (2026, 12, 22)),
        ("gdpr", (2026, 12, 15), (2027, 1, 15)),
        ("ccpa", (2026, 1, 1), (2026, 2, 15)),
    ],
)
def test_each_law_has_its_clock(law, received, due):
    assert due_date(law=law, received_on=datetime.date(*received)) == datetime.date(*due)


def test_a_request_by_mail_is_noted_with_its_clock_and_closed(client, root):
    today = timezone.localdate()
    form = {"email": "amy@example.org", "right": "access", "law": "ccpa", "received_on": today - datetime.timedelta(50)}
    client.post(reverse("admin:privacy_rightsrequest_add"), form)
    noted = RightsRequest.objects.get()
    assert noted.due_on == today - datetime.timedelta(5)
    page = client.get(reverse("admin:privacy_rightsrequest_changelist")).content.decode()
    assert "OVERDUE by 5 days" in page
    assert "1 request is due within a week, or overdue." in page
    client.post(reverse("admin:privacy_rightsrequest_change", args=[noted.pk]), {**form, "closed_on": today})
    page = client.get(reverse("admin:privacy_rightsrequest_changelist")).content.decode()
    assert "closed late" in page
    assert "due within a week" not in page
    tomorrow = {**form, "received_on": today + datetime.timedelta(1)}
    assert "still to come" in client.post(reverse("admin:privacy_rightsrequest_add"), tomorrow).content.decode()
    assert RightsRequest.objects.count() == 1


def test_the_operator_is_told_of_what_is_due_once_a_day_and_of_nobody(settings):
    today = timezone.localdate()

    def note(days, **more):
        return RightsRequest.objects.create(
            email="amy@example.org", right="access", received_on=today, due_on=today + datetime.timedelta(days), **more
        )

    due, _late, _far, _closed = note(7), note(-1), note(8), note(1, closed_on=today)
    assert (rights_alarm(), rights_alarm()) == (2, 0)
    [letter] = mail.outbox
    assert letter.to == [settings.CONTACT_EMAIL]
    assert f"Request {due.pk}" in letter.body
    assert "amy" not in letter.body
    with time_machine.travel(timezone.now() + datetime.timedelta(days=1)):
        assert rights_alarm() == 3
