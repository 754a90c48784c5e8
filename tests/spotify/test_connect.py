"""Connecting an account: consent, state, PKCE, one address, and back again without a trace."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ConnectedService
from mood_music import checks
from mood_music.messages import message
from privacy.models import ConsentRecord
from privacy.purposes import NOTICE_VERSION, Purpose
from privacy.selectors import consent_granted
from privacy.services import consent_record
from recommendations.models import SavedPlaylist
from recommendations.providers.spotify import connections, views
from tests.support.spotify_double import Fault, rate_limited

pytestmark = pytest.mark.django_db


def consent(user):
    return consent_granted(user=user, purpose=Purpose.SPOTIFY_LINK)


def told(answer, message_id):
    return message(message_id).title in answer.content.decode()


def test_a_person_connects_and_the_consent_is_recorded(as_amy, amy, connect, login):
    answer = connect(as_amy)
    assert "Your account is connected" in answer.content.decode()
    service = ConnectedService.objects.get()
    assert (service.user, service.provider, service.account_id) == (amy, "spotify", login.account_id)
    assert set(service.scopes) == {
        "playlist-modify-private",
        "user-read-playback-state",
        "user-modify-playback-state",
    }
    record = ConsentRecord.objects.filter(user=amy, purpose=Purpose.SPOTIFY_LINK).get()
    assert (record.granted, record.notice_version, record.given_through) == (True, NOTICE_VERSION, "spotify page")


def test_what_is_played_most_is_asked_for_only_by_choice(as_amy, connect):
    connect(as_amy, personal_order="on")
    assert "user-top-read" in ConnectedService.objects.get().scopes


def test_the_request_carries_state_and_pkce_and_goes_to_the_one_address(as_amy, login, settings):
    asked = parse_qs(urlsplit(as_amy.post(reverse("spotify_connect")).url).query)
    attempt = as_amy.session["spotify_connect"]
    assert asked["state"] == [attempt["state"]]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [settings.SPOTIFY_REDIRECT_URI]
    assert attempt["verifier"] not in str(asked)
    assert len(attempt["verifier"]) >= 43


def test_two_attempts_have_nothing_in_common(as_amy, login):
    attempts = []
    for _ in range(2):
        as_amy.post(reverse("spotify_connect"))
        attempts.append(as_amy.session["spotify_connect"])
    assert attempts[0]["state"] != attempts[1]["state"]
    assert attempts[0]["verifier"] != attempts[1]["verifier"]


def test_a_forged_state_gets_nothing_and_ends_the_attempt(as_amy, login):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    code = parse_qs(back.query)["code"][0]
    answer = as_amy.get(reverse("spotify_callback"), {"code": code, "state": "forged"}, follow=True)
    assert told(answer, "spotify_state")
    # The right one comes too late.
    assert told(as_amy.get(f"{back.path}?{back.query}", follow=True), "spotify_state")
    assert not ConnectedService.objects.exists()
    assert login.requests("POST /api/token") == []


def test_the_answer_counts_once(as_amy, login):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    as_amy.get(f"{back.path}?{back.query}")
    ConnectedService.objects.all().delete()
    assert told(as_amy.get(f"{back.path}?{back.query}", follow=True), "spotify_state")
    assert not ConnectedService.objects.exists()


def test_the_answer_to_one_persons_attempt_is_worth_nothing_to_another(as_amy, bob, login):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    other = Client()
    other.force_login(bob)
    other.post(reverse("spotify_connect"))
    assert told(other.get(f"{back.path}?{back.query}", follow=True), "spotify_state")
    assert not ConnectedService.objects.exists()


def test_an_attempt_ends_after_ten_minutes(as_amy, login, monkeypatch):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    later = time.time() + views.ATTEMPT_SECONDS + 1
    monkeypatch.setattr(views.time, "time", lambda: later)
    assert told(as_amy.get(f"{back.path}?{back.query}", follow=True), "spotify_state")


def test_a_wrong_verifier_gets_no_tokens(as_amy, login):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    session = as_amy.session
    session["spotify_connect"] = {**session["spotify_connect"], "verifier": "another one"}
    session.save()
    assert told(as_amy.get(f"{back.path}?{back.query}", follow=True), "spotify_reconnect")
    assert not ConnectedService.objects.exists()


def test_a_no_at_spotify_takes_the_consent_back(as_amy, amy, login):
    as_amy.post(reverse("spotify_connect"))
    assert consent(amy)
    state = as_amy.session["spotify_connect"]["state"]
    answer = as_amy.get(reverse("spotify_callback"), {"error": "access_denied", "state": state}, follow=True)
    assert told(answer, "spotify_denied")
    assert not consent(amy)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(500, ""), "spotify_unavailable"),
        (Fault(200, "<html>"), "spotify_unavailable"),
        (rate_limited(900), "spotify_paused"),
        (Fault(400, {"error": "invalid_client"}), "spotify_refused"),
        (Fault(200, {"access_token": "x", "expires_in": 3600}), "spotify_unavailable"),
    ],
)
def test_trouble_at_spotify_is_told_and_leaves_nothing_half_connected(as_amy, connect, login, fault, words):
    login.script("POST /api/token", fault)
    assert told(connect(as_amy), words)
    assert not ConnectedService.objects.exists()


def test_an_account_without_its_lasting_name_is_not_connected(as_amy, connect, login):
    login.script("GET /v1/me", Fault(200, {"id": "somebody"}))
    assert told(connect(as_amy), "spotify_unavailable")
    assert not ConnectedService.objects.exists()


def test_consent_that_was_withdrawn_meanwhile_stops_the_connection(as_amy, amy, login):
    asked = as_amy.post(reverse("spotify_connect"))
    back = urlsplit(login.agree(asked.url))
    consent_record(user=amy, purpose=Purpose.SPOTIFY_LINK, granted=False, given_through="test")
    as_amy.get(f"{back.path}?{back.query}")
    assert not ConnectedService.objects.exists()


def test_disconnecting_deletes_tokens_and_every_row_at_once(as_amy, amy, bob, music, amy_connected, login):
    as_amy.post(reverse("spotify_playlist", args=[music.reading.capture.public_id]))
    assert SavedPlaylist.objects.filter(user=amy, filled_at__isnull=False).exists()
    other = ConnectedService.objects.create(
        user=bob, provider="spotify", account_id="b", expires_at=amy_connected.expires_at, connected_at=music.created_at
    )
    asked = len(login.seen)
    answer = as_amy.post(reverse("spotify_disconnect"), follow=True)
    assert "Disconnected" in answer.content.decode()
    assert list(ConnectedService.objects.all()) == [other]
    assert not SavedPlaylist.objects.exists()
    assert not consent(amy)
    assert len(login.seen) == asked, "it works without Spotify's help"


def test_withdrawing_the_consent_in_the_privacy_centre_disconnects(as_amy, amy, amy_connected):
    page = as_amy.get(reverse("privacy_centre")).content.decode()
    assert "Connect my Spotify account" in page
    as_amy.post(reverse("consent_switch"), {"purpose": "spotify_link", "granted": "off"})
    assert not ConnectedService.objects.exists()
    page = as_amy.get(reverse("privacy_centre")).content.decode()
    assert 'value="spotify_link"' not in page


def test_disconnecting_works_when_no_key_opens_the_tokens(as_amy, amy_connected, settings):
    settings.FIELD_ENCRYPTION_KEYS = ["another key, which is long enough to be one"]
    assert as_amy.get(reverse("spotify_settings")).status_code == 200
    as_amy.post(reverse("spotify_disconnect"))
    assert not ConnectedService.objects.exists()


def test_a_token_that_comes_back_after_disconnecting_creates_nothing(amy, amy_connected, monkeypatch, login):
    login.expire_access_tokens()
    real = connections.oauth.refresh_grant

    def slowly(token):
        grant = real(token)
        connections.service_disconnect(user=amy, given_through="test")
        return grant

    monkeypatch.setattr(connections.oauth, "refresh_grant", slowly)
    with pytest.raises(connections.NotConnected):
        connections.as_person(user=amy, call=lambda client: client.devices())
    assert not ConnectedService.objects.exists()


def test_another_account_forgets_what_was_saved_to_the_first(as_amy, music, amy_connected, connect, login):
    as_amy.post(reverse("spotify_playlist", args=[music.reading.capture.public_id]))
    connect(as_amy)
    assert SavedPlaylist.objects.exists()
    login.account_id = "another"
    connect(as_amy)
    assert ConnectedService.objects.get().account_id == "another"
    assert not SavedPlaylist.objects.exists()


def test_at_another_address_the_page_leads_to_the_one_spotify_knows(as_amy, login):
    page = as_amy.get(reverse("spotify_settings"), headers={"host": "localhost:8000"}).content.decode()
    assert "http://127.0.0.1:8000/spotify/" in page
    assert '<form class="stack"' not in page
    page = as_amy.get(reverse("spotify_settings"), headers={"host": "127.0.0.1:8000"}).content.decode()
    assert reverse("spotify_connect") in page


def test_only_the_connect_page_may_send_a_form_towards_spotify(as_amy, login):
    policy = as_amy.get(reverse("spotify_settings"))["Content-Security-Policy"]
    assert f"form-action 'self' {login.url}" in policy
    assert login.url not in as_amy.get(reverse("privacy_centre"))["Content-Security-Policy"]


@pytest.mark.parametrize("missing", ["SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REDIRECT_URI"])
def test_without_a_part_of_the_set_up_there_is_no_such_page(as_amy, login, settings, missing):
    setattr(settings, missing, "")
    for name in ("spotify_settings", "spotify_callback"):
        assert as_amy.get(reverse(name)).status_code == 404
    for name in ("spotify_connect", "spotify_disconnect"):
        assert as_amy.post(reverse(name)).status_code == 404
    assert reverse("spotify_settings") not in as_amy.get(reverse("account_settings")).content.decode()


@pytest.mark.parametrize(
    ("uri", "good"),
    [
        ("", True),
        ("https://mood.example.org/spotify/callback/", True),
        ("http://127.0.0.1:8000/spotify/callback/", True),
        ("http://[::1]:8000/spotify/callback/", True),
        ("http://localhost:8000/spotify/callback/", False),
        ("https://localhost/spotify/callback/", False),
        ("http://127.0.0.1/spotify/callback/", False),
        ("http://mood.example.org/spotify/callback/", False),
        ("https://mood.example.org/", False),
        ("mood.example.org/spotify/callback/", False),
    ],
)
def test_an_address_that_spotify_would_refuse_is_refused_at_start(settings, uri, good):
    settings.SPOTIFY_REDIRECT_URI = uri
    assert (checks.spotify_redirect_is_accepted(None) == []) is good


def test_spotify_without_a_key_to_encrypt_with_is_refused_at_start(settings):
    settings.FIELD_ENCRYPTION_KEYS = []
    assert checks.spotify_has_encryption_keys(None) == []
    settings.SPOTIFY_CLIENT_ID = "client"
    assert [error.id for error in checks.spotify_has_encryption_keys(None)] == ["mood_music.E003"]
