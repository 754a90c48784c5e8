"""Tokens: fresh when they are needed, refreshed when they are old, given up when Spotify gives them up.

tests/concurrency/test_spotify_refresh.py lets several processes need one at once.
"""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import ConnectedService
from privacy.purposes import Purpose
from privacy.services import consent_record
from recommendations.providers.spotify import connections as spotify
from recommendations.providers.spotify import errors
from tests.support.spotify_double import Fault, rate_limited

pytestmark = pytest.mark.django_db


@pytest.fixture
def expired(amy_connected):
    ConnectedService.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    amy_connected.refresh_from_db()
    return amy_connected


def refreshes(double):
    return [one for one in double.requests("POST /api/token") if one.body["grant_type"] == "refresh_token"]


def test_a_fresh_token_is_used_as_it_is(amy, amy_connected, login):
    assert spotify.access_token(user=amy) == amy_connected.access_token
    assert refreshes(login) == []


def test_an_old_token_is_refreshed_and_the_refresh_token_kept_when_none_comes_with_it(amy, expired, login):
    token = spotify.access_token(user=amy)
    service = ConnectedService.objects.get()
    assert service.access_token == token != expired.access_token
    assert service.refresh_token == expired.refresh_token
    assert service.expires_at > timezone.now() + datetime.timedelta(minutes=50)
    assert service.refresh_claim is None
    assert spotify.access_token(user=amy) == token
    assert len(refreshes(login)) == 1


def test_a_new_refresh_token_takes_the_place_of_the_old(amy, expired, login):
    login.rotate_refresh_tokens = True
    spotify.access_token(user=amy)
    service = ConnectedService.objects.get()
    assert service.refresh_token != expired.refresh_token
    ConnectedService.objects.update(expires_at=timezone.now())
    assert spotify.access_token(user=amy)


def test_a_401_leads_to_one_refresh_and_the_call_is_made_again(amy, amy_connected, login):
    login.expire_access_tokens()
    devices = spotify.as_person(user=amy, call=lambda client: client.devices())
    assert [device.name for device in devices] == ["Kitchen"]
    assert len(refreshes(login)) == 1
    assert len(login.requests("GET /v1/me/player/devices")) == 2


def test_a_second_401_asks_the_person(amy, amy_connected, login):
    login.script("GET /v1/me/player/devices", *[Fault(401, {"error": {"status": 401, "message": "x"}})] * 2)
    with pytest.raises(errors.ConnectionLost):
        spotify.as_person(user=amy, call=lambda client: client.devices())
    assert ConnectedService.objects.get().needs_reconnect


def test_a_permission_that_ended_is_told_and_mended_with_a_button(as_amy, amy, expired, login, connect):
    login.revoke_refresh_tokens()
    for _ in range(2):
        with pytest.raises(errors.ConnectionLost):
            spotify.access_token(user=amy)
    assert len(refreshes(login)) == 1, "a lost connection is not tried again"
    service = ConnectedService.objects.get()
    assert service.needs_reconnect
    assert (service.access_token, service.refresh_token) == ("", "")
    page = as_amy.get(reverse("spotify_settings"), headers={"host": "127.0.0.1:8000"}).content.decode()
    assert "Connect again" in page
    connect(as_amy)
    assert not ConnectedService.objects.get().needs_reconnect
    assert spotify.access_token(user=amy)


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Fault(500, ""), errors.Unavailable),
        (rate_limited(5), errors.RateLimited),
        (Fault(200, "x"), errors.Unavailable),
    ],
)
def test_a_refresh_that_fails_otherwise_loses_nothing(amy, expired, login, fault, meaning):
    login.script("POST /api/token", fault)
    with pytest.raises(meaning):
        spotify.access_token(user=amy)
    service = ConnectedService.objects.get()
    assert not service.needs_reconnect
    assert service.refresh_claim is None
    assert service.refresh_token == expired.refresh_token


def test_a_claim_of_a_process_that_died_is_free_after_its_time(amy, expired):
    ConnectedService.objects.update(
        refresh_claim="00000000-0000-4000-8000-000000000001", refresh_claim_until=timezone.now()
    )
    assert spotify.access_token(user=amy)


def test_who_waits_for_somebody_elses_refresh_does_not_wait_for_ever(amy, expired, login, monkeypatch):
    monkeypatch.setattr(spotify, "PATIENCE_SECONDS", 0.1)
    ConnectedService.objects.update(
        refresh_claim="00000000-0000-4000-8000-000000000001",
        refresh_claim_until=timezone.now() + datetime.timedelta(seconds=30),
    )
    with pytest.raises(errors.Unavailable):
        spotify.access_token(user=amy)
    assert refreshes(login) == []


def test_without_consent_under_the_present_notice_no_call_is_made(amy, amy_connected, login, monkeypatch):
    monkeypatch.setattr("privacy.selectors.NOTICE_VERSION", "2099-01-01")
    before = len(login.seen)
    with pytest.raises(errors.ConnectionLost):
        spotify.as_person(user=amy, call=lambda client: client.devices())
    assert len(login.seen) == before


def test_a_person_without_a_connection_is_told_so(amy, login):
    consent_record(user=amy, purpose=Purpose.SPOTIFY_LINK, granted=True, given_through="test")
    with pytest.raises(errors.NotConnected):
        spotify.as_person(user=amy, call=lambda client: client.devices())
