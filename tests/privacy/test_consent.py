import dataclasses

import pytest
from django.urls import reverse

from emotion.models import EmotionReading
from privacy.models import ConsentRecord
from privacy.purposes import ASKED, NOTICE_VERSION, Purpose, notice_hash
from privacy.registry import categories, register
from privacy.selectors import consent_granted, consent_states
from privacy.services import consent_record
from tests.factories import ReadingFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer(client):
    user = UserFactory(consents=())
    client.force_login(user)
    return user


def test_every_purpose_is_off_until_the_person_says_yes(newcomer):
    assert not any(state.granted for state in consent_states(user=newcomer))


def test_each_purpose_is_asked_for_on_its_own(client, newcomer):
    client.post("/consent/", {"emotion_inference": "on"})
    assert consent_granted(user=newcomer, purpose=Purpose.EMOTION_INFERENCE)
    assert not consent_granted(user=newcomer, purpose=Purpose.STORE_HISTORY)
    assert not consent_granted(user=newcomer, purpose=Purpose.STORE_IMAGE)


def test_an_answer_is_recorded_with_the_words_it_answered(client, newcomer):
    client.post("/consent/", {"emotion_inference": "on"})
    record = ConsentRecord.objects.get()
    assert (record.purpose, record.granted, record.given_through) == ("emotion_inference", True, "consent page")
    assert (record.notice_version, record.notice_sha256) == (NOTICE_VERSION, notice_hash())
    assert record.language.startswith("en")


def test_saying_no_stores_nothing_and_says_so(client, newcomer):
    answer = client.post("/consent/", {"store_history": "on"})
    assert answer.status_code == 422
    assert not ConsentRecord.objects.exists()


def test_after_consent_the_way_goes_on_where_it_was_left_but_never_off_the_site(client, newcomer):
    assert client.post("/consent/", {"emotion_inference": "on", "next": "/history/"}).url == "/history/"
    for elsewhere in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert client.post("/consent/", {"emotion_inference": "on", "next": elsewhere}).url == reverse("capture_new")


def test_records_are_only_ever_added(newcomer):
    record = consent_record(user=newcomer, purpose=Purpose.STORE_HISTORY, granted=True, given_through="test")
    record.granted = False
    with pytest.raises(TypeError, match="append-only"):
        record.save()


def test_the_log_keeps_changes_not_clicks(newcomer):
    for granted in (True, True, False, False, True):
        consent_record(user=newcomer, purpose=Purpose.STORE_HISTORY, granted=granted, given_through="test")
    assert list(ConsentRecord.objects.order_by("id").values_list("granted", flat=True)) == [True, False, True]


def test_withdrawing_takes_one_click_and_purges_at_once(client, amy, bob):
    ReadingFactory(capture__user=amy)
    theirs = ReadingFactory(capture__user=bob)
    client.force_login(amy)
    assert reverse("consent_switch") in client.get("/privacy/").content.decode()
    client.post("/privacy/switch/", {"purpose": "store_history", "granted": "off"})
    assert not consent_granted(user=amy, purpose=Purpose.STORE_HISTORY)
    assert EmotionReading.objects.get() == theirs


def test_withdrawing_the_reading_itself_deletes_at_once_what_no_history_keeps(amy):
    from django.utils import timezone

    ReadingFactory(capture__user=amy, capture__expires_at=timezone.now())
    kept = ReadingFactory(capture__user=amy)
    consent_record(user=amy, purpose=Purpose.EMOTION_INFERENCE, granted=False, given_through="test")
    assert EmotionReading.objects.get() == kept


@pytest.mark.parametrize("form", [{}, {"purpose": "mind_control", "granted": "on"}, {"purpose": "store_history"}])
def test_a_forged_switch_is_refused(client, amy, form):
    client.force_login(amy)
    before = ConsentRecord.objects.count()
    assert client.post("/privacy/switch/", form).status_code == 400
    assert ConsentRecord.objects.count() == before


def test_the_privacy_centre_counts_what_is_held(client, amy):
    ReadingFactory.create_batch(3, capture__user=amy)
    client.force_login(amy)
    held = {row.label: row.count for row in client.get("/privacy/").context["held"]}
    assert held["Readings, with your corrections"] == 3
    assert held["Pictures waiting to be read"] == held["Crops of your face beside readings"] == 0
    assert held["Your account: address, scrambled password, that you passed the age check"] == 1


def test_every_purpose_that_is_asked_for_has_data_that_its_withdrawal_purges():
    assert {text.purpose for text in ASKED} <= {category.purpose for category in categories()}


def test_two_categories_cannot_share_a_name():
    first = categories()[0]
    register(first)
    with pytest.raises(ValueError, match=first.name):
        register(dataclasses.replace(first, label="Other"))


def test_a_consent_that_cannot_be_read_is_not_a_yes(amy, monkeypatch):
    from django.db import OperationalError

    def down(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(ConsentRecord.objects, "filter", down)
    with pytest.raises(OperationalError):
        consent_granted(user=amy, purpose=Purpose.EMOTION_INFERENCE)
