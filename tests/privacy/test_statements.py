"""Statements of trust that cross the apps: 1 to 5 on consent, 12 on who gets at what."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.urls import get_resolver, reverse

from emotion.models import Capture, EmotionReading
from emotion.tasks import capture_process
from privacy.models import AuditEvent, ConsentRecord
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose
from privacy.registry import categories
from privacy.services import consent_record
from tests.factories import CaptureFactory, ReadingFactory, UserFactory

pytestmark = pytest.mark.django_db


def sent(client, photo, name="capture_new"):
    return client.post(reverse(name), {"photo": SimpleUploadedFile("a.jpg", photo), "source": "upload", "mode": ""})


def stored(settings):
    return Capture.objects.count() + sum(path.is_file() for path in settings.MEDIA_ROOT.rglob("*"))


@pytest.mark.parametrize("name", ["capture_new", "api_captures"])
@pytest.mark.parametrize("history", [(), ("yes", "no")])
def test_statement_1_without_a_live_consent_a_frame_is_refused_and_nothing_stored(
    client, settings, photo, name, history
):
    user = UserFactory(consents=())
    for answer in history:
        consent_record(user=user, purpose=Purpose.EMOTION_INFERENCE, granted=answer == "yes", given_through="test")
    client.force_login(user)
    assert sent(client, photo, name).status_code == 403
    assert stored(settings) == 0


def test_statement_1_a_consent_that_cannot_be_read_is_a_refusal(as_amy, settings, photo, monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(ConsentRecord.objects, "filter", down)
    assert sent(as_amy, photo).status_code == 503
    assert stored(settings) == 0


def test_statement_1_a_consent_withdrawn_while_a_picture_waits_stops_its_reading(amy, scripted, settings):
    waiting = CaptureFactory(user=amy)
    ConsentRecord.objects.create(
        user=amy,
        purpose="emotion_inference",
        granted=False,
        notice_version=NOTICE_VERSION,
        notice_sha256="",
        language="",
    )
    capture_process(waiting.pk)
    assert scripted.calls == 0
    assert not EmotionReading.objects.exists()


def test_statement_2_with_every_optional_purpose_off_a_picture_is_read_and_forgotten(
    client, photo, scripted, catalogue, django_capture_on_commit_callbacks
):
    user = UserFactory(consents=(Purpose.EMOTION_INFERENCE,))
    client.force_login(user)
    address = sent(client, photo).url
    with django_capture_on_commit_callbacks(execute=True):
        capture_process(Capture.objects.get().pk)
    assert client.get(address).status_code == 200
    capture = Capture.objects.get()
    assert capture.status == "done"
    assert capture.expires_at is not None
    assert capture.readings.get().crop == ""


def test_statement_2_no_purpose_is_on_before_a_person_said_yes(client):
    client.force_login(UserFactory(consents=()))
    page = client.get(reverse("consent")).content.decode()
    assert not re.search(r"<input[^>]*\bchecked\b", page)
    assert all(not switch["granted"] for switch in client.get(reverse("privacy_centre")).context["switches"])


def test_statement_3_the_page_says_that_an_ai_reads_expressions_before_the_camera_starts(as_amy):
    page = as_amy.get(reverse("capture_new")).content.decode()
    notice = page.index("An AI system reads your expression")
    assert reverse("ai_notice") in page[notice:]
    # It stands there as the page comes, not in what a script shows later.
    assert "<template" not in page[:notice]


def test_statement_3_work_and_school_are_barred_at_sign_up_and_the_version_is_logged(client):
    assert "will not use this site at work or school" in client.get(reverse("account_signup")).content.decode()
    pass_phrase = "a long enough pass phrase"
    form = {"email": "new@example.org", "password1": pass_phrase, "password2": pass_phrase, "birth_date": "1990-05-04"}
    client.post(reverse("account_signup"), form)
    assert not AuditEvent.objects.filter(kind="terms_accepted").exists()
    client.post(reverse("account_signup"), {**form, "agree_terms": "on"})
    assert AuditEvent.objects.get(kind="terms_accepted").detail == {"version": NOTICE_VERSION}


def test_statement_3_there_is_no_view_for_groups_managers_or_classes():
    routes = [str(pattern) for pattern in get_resolver().reverse_dict if isinstance(pattern, str)]
    assert routes
    assert [name for name in routes if re.search("team|manager|class|group|employee|student", name)] == []


def test_statement_4_withdrawing_takes_as_many_clicks_as_giving(as_amy, amy):
    """One form with one button each way; no page, no question and no password in between."""
    for granted in ("on", "off"):
        for text in ASKED:
            answer = as_amy.post(reverse("consent_switch"), {"purpose": text.purpose.value, "granted": granted})
            assert answer.url == reverse("privacy_centre")
            assert ConsentRecord.objects.filter(user=amy, purpose=text.purpose).first().granted == (granted == "on")


def test_statement_5_whoever_reads_the_notice_finds_every_term_and_every_right(client):
    page = client.get(reverse("privacy_notice")).content.decode()
    for category in categories():
        assert category.retention.replace("'", "&#x27;") in page
    for name in ("erase", "export", "privacy_centre", "retention"):
        assert reverse(name) in page


def test_statement_12_a_stored_file_has_no_address_of_its_own(as_amy, amy):
    from django.core.files.base import ContentFile
    from django.core.files.storage import default_storage

    name = default_storage.save("crops/a.jpg", ContentFile(b"a"))
    ReadingFactory(capture__user=amy, crop=name)
    for address in (f"/media/{name}", f"/{name}", f"/static/{name}"):
        assert as_amy.get(address).status_code == 404
