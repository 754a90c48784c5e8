"""spotipy, as we set it up, against the double: every way in which Spotify fails has its own type, at once."""

import datetime
import time

import pytest
import requests
import time_machine

from recommendations.models import ProviderState
from recommendations.providers.spotify import breaker, errors, oauth
from recommendations.providers.spotify.client import SpotifyClient
from recommendations.providers.spotify.matching import best_match
from tests.support.spotify_double import Fault, rate_limited, track_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(app):
    return SpotifyClient(oauth.app_grant(background=False).access_token)


def test_a_search_finds_the_right_recording_behind_the_wrong_ones(client):
    found = client.search_tracks('Respect "', "Aretha Franklin")
    assert len(found) == 5
    match = best_match("Respect", "Aretha Franklin", 1967, found)
    assert match.candidate.uri == f"spotify:track:{track_id('Respect', 'Aretha Franklin')}"
    assert match.candidate.image_url.startswith("https://i.scdn.co/")


def test_the_search_asks_for_no_more_than_it_may(client, app):
    client.search_tracks("x" * 300, "y" * 300)
    (seen,) = app.requests("GET /v1/search")
    assert seen.query["limit"] == "10"
    assert len(seen.query["q"]) <= 250


FAULTS = [
    (Fault(500, {"error": {"status": 500, "message": "x"}}), errors.Unavailable),
    (Fault(502, "<html>Bad gateway</html>"), errors.Unavailable),
    (Fault(503, ""), errors.Unavailable),
    (Fault(200, "<html>Please log in to this hotel</html>"), errors.Unavailable),
    (Fault(200, "[]"), errors.Unavailable),
    (Fault(200, {"tracks": None}), errors.Unavailable),
    (Fault(200, {"tracks": {"items": [{"uri": 5}]}}), errors.Unavailable),
    (Fault(400, {"error": "a string, as a gateway says it"}), errors.Unavailable),
    (Fault(401, {"error": {"status": 401, "message": "The access token expired"}}), errors.Unauthorized),
    (Fault(403, {"error": {"status": 403, "message": "Forbidden"}}), errors.Refused),
    (Fault(404, {"error": {"status": 404, "message": "x", "reason": "NO_ACTIVE_DEVICE"}}), errors.NoDevice),
    (rate_limited(3), errors.RateLimited),
    (rate_limited(None), errors.RateLimited),
]


@pytest.mark.parametrize(("fault", "meaning"), FAULTS)
def test_every_failure_has_its_type_and_is_not_tried_again(client, app, fault, meaning):
    app.script("GET /v1/search", fault)
    with pytest.raises(errors.SpotifyError) as caught:
        client.search_tracks("a", "b")
    assert type(caught.value) is meaning
    assert len(app.requests("GET /v1/search")) == 1


@pytest.mark.usefixtures("impatient")
def test_a_stall_ends_at_the_time_limit_and_counts_as_a_failure(app):
    app.script("GET /v1/search", Fault(200, {}, stall=30))
    begun = time.monotonic()
    with pytest.raises(errors.Unavailable):
        SpotifyClient("token").search_tracks("a", "b")
    assert time.monotonic() - begun < 10, "the double stalls for thirty seconds, the limit is a third of one"
    assert ProviderState.objects.get().failures == 1


def test_nobody_listening_is_a_failure(client, settings):
    settings.SPOTIFY_API_URL = "http://127.0.0.1:9/v1/"
    with pytest.raises(errors.Unavailable):
        SpotifyClient("token").search_tracks("a", "b")


@pytest.mark.parametrize(
    ("fault", "seconds", "quota"),
    [
        (rate_limited(5), 5, False),
        (rate_limited(12_471), 12_471, False),
        (rate_limited(None), 30, False),
        (rate_limited(None, "QUOTA_EXCEEDED"), 3600, True),
        (rate_limited(40, "QUOTA_EXCEEDED"), 40, True),
        (Fault(429, "slow down", {"Retry-After": "soon"}), 30, False),
    ],
)
def test_a_429_stops_every_call_for_as_long_as_it_says(client, app, fault, seconds, quota):
    with time_machine.travel(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC), tick=False) as clock:
        app.script("GET /v1/search", fault)
        with pytest.raises(errors.RateLimited) as caught:
            client.search_tracks("a", "b")
        assert (caught.value.retry_after, caught.value.quota) == (seconds, quota)
        clock.shift(seconds - 1)
        with pytest.raises(errors.Paused) as paused:
            client.search_tracks("a", "b")
        assert paused.value.retry_after == 1
        assert len(app.requests("GET /v1/search")) == 1
        clock.shift(1)
        assert client.search_tracks("a", "b")


def test_a_429_of_the_accounts_service_stops_every_call_as_well(client, app):
    app.script("POST /api/token", rate_limited(60))
    with pytest.raises(errors.RateLimited):
        oauth.app_grant(background=False)
    with pytest.raises(errors.Paused):
        client.search_tracks("a", "b")


def test_three_failures_in_a_row_open_the_breaker_and_one_trial_call_closes_it(client, app):
    with time_machine.travel(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC), tick=False) as clock:
        app.script("GET /v1/search", *[Fault(500, "")] * 4)
        for _ in range(3):
            with pytest.raises(errors.Unavailable):
                client.search_tracks("a", "b")
        with pytest.raises(errors.Paused):
            client.search_tracks("a", "b")
        clock.shift(30)
        with pytest.raises(errors.Unavailable):
            client.search_tracks("a", "b")
        clock.shift(59)
        with pytest.raises(errors.Paused):
            client.search_tracks("a", "b")
        clock.shift(1)
        assert client.search_tracks("a", "b")
        assert client.search_tracks("a", "b")
        assert len(app.requests("GET /v1/search")) == 6


def test_while_one_trial_call_is_under_way_the_others_wait(app):
    with time_machine.travel(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC), tick=False) as clock:
        for _ in range(3):
            breaker.note_failure()
        clock.shift(31)
        breaker.admit(background=False)
        with pytest.raises(errors.Paused):
            breaker.admit(background=False)
        breaker.note_success()
        breaker.admit(background=False)


def test_the_pause_after_a_long_night_is_bounded():
    for _ in range(200):
        breaker.note_failure()
    state = ProviderState.objects.get()
    assert state.paused_until <= datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=15)


def test_background_work_leaves_a_part_of_the_budget_to_people(settings):
    settings.SPOTIFY_CALLS_PER_HALF_MINUTE = 6
    with time_machine.travel(datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC), tick=False) as clock:
        for _ in range(4):
            breaker.admit(background=True)
        with pytest.raises(errors.Paused):
            breaker.admit(background=True)
        for _ in range(2):
            breaker.admit(background=False)
        with pytest.raises(errors.Paused) as caught:
            breaker.admit(background=False)
        assert caught.value.retry_after == 30
        clock.shift(30)
        breaker.admit(background=True)


def test_a_refusal_shows_that_spotify_works(client, app):
    for _ in range(2):
        breaker.note_failure()
    app.script("GET /v1/search", Fault(403, {"error": {"status": 403, "message": "no"}}))
    with pytest.raises(errors.Refused):
        client.search_tracks("a", "b")
    assert ProviderState.objects.get().failures == 0


@pytest.mark.parametrize(
    ("fault", "meaning"),
    [
        (Fault(400, {"error": "invalid_client"}), errors.Refused),
        (Fault(400, {"error": "invalid_grant"}), errors.ConnectionLost),
        (Fault(500, {"error": "server_error"}), errors.Unavailable),
        (Fault(200, "<html>"), errors.Unavailable),
        (Fault(200, ["token"]), errors.Unavailable),
        (Fault(200, {"access_token": "x"}), errors.Unavailable),
        (Fault(200, {"access_token": "x", "expires_in": "soon"}), errors.Unavailable),
        (Fault(200, {}, stall=30), errors.Unavailable),
        (Fault(302, "", {"Location": "https://elsewhere.example/"}), errors.Unavailable),
    ],
)
def test_every_failure_of_the_accounts_service_has_its_type(app, settings, fault, meaning):
    if fault.stall:
        settings.SPOTIFY_TIMEOUT = (3.0, 0.3)
    app.script("POST /api/token", fault)
    with pytest.raises(errors.SpotifyError) as caught:
        oauth.refresh_grant("refresh")
    assert type(caught.value) is meaning


def test_a_client_without_a_token_is_not_made(app):
    with pytest.raises(ValueError, match="without a token"):
        SpotifyClient("")


def test_the_session_neither_waits_nor_tries_again(client):
    session = client._api._session
    assert type(session) is requests.Session
    assert {session.get_adapter(url).max_retries.total for url in ("http://x", "https://x")} == {0}
    assert client._api.requests_timeout == (3.0, 5.0)


def test_no_token_and_nothing_that_was_looked_for_is_logged_at_any_level(app, written):
    token = oauth.app_grant(background=False).access_token
    client = SpotifyClient(token)
    client.search_tracks("Looked For", "Somebody")
    app.script("GET /v1/search", Fault(500, {"error": {"status": 500, "message": "x"}}))
    with pytest.raises(errors.Unavailable):
        client.search_tracks("Looked For", "Somebody")
    assert token not in written()
    assert "Looked" not in written()
    assert token not in repr(oauth.Grant(token, token, 3600, ()))
