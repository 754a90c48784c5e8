"""The privacy centre says what is held, as the registry declares it, and every switch in it has an effect."""

import hashlib
import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.loader import get_template
from django.urls import reverse
from django.utils.html import strip_tags

from emotion.models import EmotionReading
from privacy import purposes, selectors
from privacy.models import AuditEvent, ConsentRecord, PrivacyPreference
from privacy.purposes import NOTICE_VERSION, Purpose, notice_hash
from privacy.registry import categories
from privacy.selectors import consent_granted
from privacy.services import consent_record
from recommendations import selectors as music
from recommendations import session_selectors as sessions
from tests.factories import ReadingFactory

pytestmark = pytest.mark.django_db


def kept_crop(user):
    return ReadingFactory(capture__user=user, crop=default_storage.save("crops/a.jpg", ContentFile(b"a" * 3000)))


def test_the_page_says_of_every_category_what_why_how_long_and_who_sees_it(as_amy, amy):
    kept_crop(amy)
    page = as_amy.get(reverse("privacy_centre"))
    text = page.content.decode()
    for category in categories():
        if category.tables:
            for words in (category.label, category.why, category.retention, category.seen_by):
                assert words.replace("'", "&#x27;") in text
    held = {item.category.name: item for item in page.context["held"]}
    assert held["crops"].bytes > 3000
    assert ("dominant", "happiness") in held["readings"].example


def test_no_secret_is_shown_as_an_example(as_amy, amy):
    assert amy.password not in as_amy.get(reverse("privacy_centre")).content.decode()


def test_the_receipt_holds_every_answer_with_the_words_it_answered(as_amy, amy):
    consent_record(user=amy, purpose=Purpose.STORE_HISTORY, granted=False, given_through="privacy centre")
    receipt = json.loads(as_amy.get(reverse("receipt_json")).content)
    assert [answer["granted"] for answer in receipt["answers"]] == [False, True, True]
    assert {answer["notice_sha256"] for answer in receipt["answers"]} == {notice_hash()}
    assert "amy@example.org" not in json.dumps(receipt)
    assert {answer["description"] for answer in receipt["answers"]} == {
        text.description
        for text in purposes.ASKED
        if text.purpose in {Purpose.EMOTION_INFERENCE, Purpose.STORE_HISTORY}
    }
    page = as_amy.get(reverse("receipt")).content.decode()
    assert "Keep my mood history: no" in page
    assert notice_hash() in page


def test_the_receipt_of_an_older_notice_holds_the_words_of_that_time(as_amy, amy, monkeypatch):
    told = purposes.PurposeText(Purpose.STORE_IMAGE, "We keep a crop, as we said in other days.")
    with monkeypatch.context() as before:
        before.setattr(purposes, "ASKED", (told,))
        consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    assert told.description in as_amy.get(reverse("receipt")).content.decode()


def test_the_receipt_says_what_was_agreed_to_for_spotify_too(amy):
    consent_record(user=amy, purpose=Purpose.SPOTIFY_LINK, granted=True, given_through="test")
    assert selectors.consent_receipt(user=amy)["answers"][0]["description"] == purposes.SPOTIFY.description


def test_the_size_counts_every_table_of_a_category(as_amy, amy):
    from recommendations.models import ListeningSession, SessionTrack
    from tests.privacy.filling import Filler

    def size():
        held = {item.category.name: item.bytes for item in selectors.held(user=filler.user)}
        return held["listening_sessions"]

    filler = Filler("markofamy")
    filler.row(ListeningSession)
    before = size()
    filler.row(SessionTrack)
    assert size() > before > 0


def test_global_privacy_control_is_shown_as_honoured(as_amy):
    asked = as_amy.get(reverse("privacy_centre"), headers={"Sec-GPC": "1"}).content.decode()
    assert "honoured" in asked
    assert "honoured" not in as_amy.get(reverse("privacy_centre")).content.decode()


def test_browsers_learn_that_global_privacy_control_is_honoured(client):
    assert client.get("/.well-known/gpc.json").json() == {"gpc": True, "lastUpdate": NOTICE_VERSION}


def test_no_picture_is_kept_unless_its_person_chose_a_term(as_amy, amy):
    assert selectors.preference_of(user=amy).keep_pictures_days == 0
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    assert selectors.preference_of(user=amy).keep_pictures_days == 30
    as_amy.post(reverse("pictures_set"), {"days": "7"})
    assert selectors.preference_of(user=amy).keep_pictures_days == 7
    assert consent_granted(user=amy, purpose=Purpose.STORE_IMAGE)


def test_choosing_to_keep_none_is_a_withdrawal_that_purges_at_once(as_amy, amy):
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    kept_crop(amy)
    as_amy.post(reverse("pictures_set"), {"days": "0"})
    assert EmotionReading.objects.get().crop == ""
    assert not consent_granted(user=amy, purpose=Purpose.STORE_IMAGE)
    assert as_amy.post(reverse("pictures_set"), {"days": "9999"}).status_code == 400


def test_limiting_sensitive_use_stops_pictures_and_learning_and_is_logged(as_amy, amy, bob, monkeypatch):
    consent_record(user=amy, purpose=Purpose.STORE_IMAGE, granted=True, given_through="test")
    reading = kept_crop(amy)
    asked = []
    monkeypatch.setattr(sessions, "suggestion", lambda trials, emotion: asked.append(emotion))
    music.mode_of(reading=reading)
    assert len(asked) == 1
    as_amy.post(reverse("limit_set"), {"limited": "on"})
    music.mode_of(reading=reading)
    assert len(asked) == 1
    assert EmotionReading.objects.get().crop == ""
    assert not consent_granted(user=amy, purpose=Purpose.STORE_IMAGE)
    assert consent_granted(user=amy, purpose=Purpose.EMOTION_INFERENCE)
    assert AuditEvent.objects.filter(kind="sensitive_use", detail={"limited": True}).count() == 1
    as_amy.post(reverse("limit_set"), {"limited": "off"})
    assert consent_granted(user=amy, purpose=Purpose.STORE_IMAGE)
    assert not PrivacyPreference.objects.filter(user=bob).exists()


def test_statement_4_a_new_notice_blocks_processing_until_consent_is_renewed(as_amy, amy, monkeypatch):
    assert as_amy.get(reverse("capture_new")).status_code == 200
    for module in (purposes, selectors):
        monkeypatch.setattr(module, "NOTICE_VERSION", "2999-01-01")
    monkeypatch.setattr("privacy.services.NOTICE_VERSION", "2999-01-01")
    assert as_amy.get(reverse("capture_new")).url.startswith(reverse("consent"))
    assert as_amy.post(reverse("capture_new")).status_code == 403
    assert "I accept the terms" in as_amy.get(reverse("consent")).content.decode()
    assert as_amy.post(reverse("consent"), {"emotion_inference": "on"}).status_code == 422
    as_amy.post(reverse("consent"), {"emotion_inference": "on", "agree_terms": "on"})
    assert as_amy.get(reverse("capture_new")).status_code == 200
    assert "I accept the terms" not in as_amy.get(reverse("consent")).content.decode()
    accepted = AuditEvent.objects.filter(kind="terms_accepted").values_list("detail__version", flat=True)
    assert set(accepted) == {NOTICE_VERSION, "2999-01-01"}
    versions = ConsentRecord.objects.filter(purpose="emotion_inference").values_list("notice_version", flat=True)
    assert set(versions) == {NOTICE_VERSION, "2999-01-01"}


def test_the_fingerprint_of_the_notice_changes_with_its_words_and_not_with_its_markup(monkeypatch):
    class Source:
        def __init__(self, text):
            self.template = self
            self.source = text

    def fingerprint(text):
        notice_hash.cache_clear()
        monkeypatch.setattr(purposes, "get_template", lambda name: Source(text))
        return notice_hash()

    assert fingerprint("<p>We keep  nothing.</p>") == fingerprint("<div>We keep\nnothing.</div>")
    assert fingerprint("<p>We keep nothing.</p>") != fingerprint("<p>We keep everything.</p>")
    notice_hash.cache_clear()


# The version whose words stand here, and their fingerprint.
WORDS = ("2026-11-25", "3c939c9febc9b0c47c633e7caf0e4c41440da9f2b54435f4dea170b469ace04e")


def test_no_word_that_people_agreed_to_changes_without_a_new_version():
    """Words changed? Set NOTICE_VERSION to today's date, so that everybody is asked again, and note it in WORDS."""
    pages = ("privacy_notice", "ai_notice", "terms", "cookies", "accessibility")
    words = [strip_tags(get_template(f"legal/{name}.html").template.source).split() for name in pages]
    digest = hashlib.sha256(f"{notice_hash()} {words}".encode()).hexdigest()
    assert (NOTICE_VERSION, digest) == WORDS


def test_the_legal_pages_are_linked_before_sign_up_and_say_their_version(client):
    page = client.get(reverse("account_signup")).content.decode()
    for name in ("privacy_notice", "terms", "ai_notice", "cookies", "accessibility"):
        assert reverse(name) in page
        assert f"Version {NOTICE_VERSION}" in client.get(reverse(name)).content.decode()


def test_the_terms_bar_use_at_work_and_school(client):
    assert "not use it at work or at school" in client.get(reverse("terms")).content.decode().replace("<strong>", "")


def test_only_the_cookies_that_the_page_names_are_set(client, amy):
    named = client.get(reverse("cookies")).content.decode()
    client.post(reverse("account_login"), {"login": "amy@example.org", "password": "wrong"})
    client.force_login(amy)
    client.get(reverse("privacy_centre"))
    client.post(reverse("consent_switch"), {"purpose": "store_history", "granted": "off"})
    assert client.cookies
    for name in client.cookies:
        assert f"<strong>{name}</strong>" in named
