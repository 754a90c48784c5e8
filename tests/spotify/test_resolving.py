"""Level 2: tracks are found behind the back of the main job, kept for a month, shown with the way back to Spotify."""

import datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from recommendations import services
from recommendations.models import Recommendation, SpotifyTrack, Track
from recommendations.providers.spotify import resolving, tasks
from recommendations.providers.spotify.cache import shown, unresolved
from recommendations.sessions import session_mode_set, session_start
from recommendations.tasks import spotify_purge
from tests.factories import ReadingFactory
from tests.support.spotify_double import Fault, rate_limited, track_id, track_object

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def reading(amy):
    made = ReadingFactory(capture__user=amy)
    services.set_build(reading_id=made.pk)
    return made


@pytest.fixture
def track_ids(reading):
    return list(Recommendation.objects.values_list("track", flat=True))


def page(client, reading, query=""):
    return client.get(reverse("result", args=[reading.capture.public_id]) + query)


def test_the_tracks_of_a_set_are_found_and_the_wrong_versions_passed_over(app, track_ids):
    tasks.spotify_resolve(track_ids)
    for row in SpotifyTrack.objects.select_related("track"):
        # A quotation mark would end the value in the query.
        title, artist = (text.replace('"', "") for text in (row.track.title, row.track.artist))
        assert row.uri == f"spotify:track:{track_id(title, artist)}"
        assert row.expires_at - row.fetched_at == datetime.timedelta(days=30)
    assert SpotifyTrack.objects.count() == len(track_ids) == 8


def test_one_token_serves_many_searches_and_known_tracks_are_not_asked_for_again(app, track_ids):
    for _ in range(2):
        tasks.spotify_resolve(track_ids)
    assert len(app.requests("POST /api/token")) == 1
    assert len(app.requests("GET /v1/search")) == 8


def test_what_is_not_there_is_remembered_for_a_week_and_keeps_its_link_to_the_search(app, as_amy, reading, track_ids):
    app.find = lambda title, artist: [track_object(f"{title} (Karaoke)", [artist], "Hits")]
    tasks.spotify_resolve(track_ids)
    assert set(SpotifyTrack.objects.values_list("uri", flat=True)) == {""}
    assert unresolved(track_ids) == []
    assert page(as_amy, reading).content.decode().count("https://open.spotify.com/search/") == 8
    with time_machine.travel(timezone.now() + datetime.timedelta(days=8)):
        assert len(unresolved(track_ids)) == 8


def test_a_token_that_ended_early_is_renewed_once(app, track_ids):
    resolving.app_token()
    app.expire_access_tokens()
    tasks.spotify_resolve(track_ids[:1])
    assert SpotifyTrack.objects.get().uri
    assert len(app.requests("POST /api/token")) == 2


def test_the_apps_token_is_not_readable_in_the_cache(app):
    from django.core.cache import cache

    token = resolving.app_token()
    assert token not in str(cache.get("spotify_app_token"))
    assert resolving.app_token() == token


@pytest.mark.parametrize("fault", [Fault(500, ""), rate_limited(900), Fault(200, "<html>"), Fault(200, {}, stall=30)])
def test_the_first_failure_ends_a_task_and_the_sweeper_goes_on_later(app, settings, track_ids, fault):
    resolving.app_token()
    settings.SPOTIFY_TIMEOUT = (3.0, 0.3 if fault.stall else 5.0)
    app.script("GET /v1/search", fault)
    tasks.spotify_resolve(track_ids)
    assert not SpotifyTrack.objects.exists()
    assert len(app.requests("GET /v1/search")) == 1
    settings.SPOTIFY_TIMEOUT = (3.0, 5.0)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=16)):
        tasks.spotify_sweep()
    assert SpotifyTrack.objects.count() == 8


def test_the_sweeper_looks_after_sessions_too(app, amy, reading, track_ids):
    session = session_start(user=amy, reading=reading)
    session_mode_set(session=session, mode="lift")
    extra = set(session.tracks.values_list("track", flat=True)) - set(track_ids)
    assert extra
    for _ in range(2):
        tasks.spotify_sweep()
    assert set(SpotifyTrack.objects.values_list("track", flat=True)) == extra | set(track_ids)


def test_the_sweeper_asks_nothing_when_nothing_is_left(app, track_ids):
    tasks.spotify_resolve(track_ids)
    before = len(app.seen)
    tasks.spotify_sweep()
    assert len(app.seen) == before


def test_the_page_shows_cover_mark_and_the_way_back(app, as_amy, reading, track_ids):
    tasks.spotify_resolve(track_ids)
    answer = page(as_amy, reading)
    text = answer.content.decode()
    assert "https://open.spotify.com/search/" not in text
    for row in SpotifyTrack.objects.all():
        identity = row.uri.rpartition(":")[2]
        assert f'href="https://open.spotify.com/track/{identity}"' in text
        assert row.image_url in text
    assert text.count("#spotify") == 8
    assert "<iframe" not in text


def test_a_plain_link_opens_one_player(app, as_amy, reading, track_ids):
    tasks.spotify_resolve(track_ids)
    text = page(as_amy, reading, "?play=3").content.decode()
    third = SpotifyTrack.objects.get(track__in=Recommendation.objects.filter(rank=3).values("track"))
    assert text.count("<iframe") == 1
    assert f'src="https://open.spotify.com/embed/track/{third.uri.rpartition(":")[2]}"' in text
    for odd in ("?play=99", "?play=x", "?play="):
        assert "<iframe" not in page(as_amy, reading, odd).content.decode()


def test_the_policy_names_spotifys_hosts_on_that_page_only_and_only_when_it_is_set_up(app, as_amy, reading, settings):
    policy = page(as_amy, reading)["Content-Security-Policy"]
    assert "frame-src https://open.spotify.com" in policy
    assert "img-src 'self' data: blob: https://i.scdn.co" in policy
    assert "unsafe" not in policy
    assert "spotify" not in as_amy.get(reverse("history"))["Content-Security-Policy"]
    settings.SPOTIFY_CLIENT_ID = ""
    policy = page(as_amy, reading)["Content-Security-Policy"]
    assert "spotify" not in policy
    assert "scdn" not in policy


def test_without_an_app_nothing_is_queued_and_the_page_is_as_it_was(
    as_amy, amy, double, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(tasks.spotify_resolve, "apply_async", lambda **_: pytest.fail("queued"))
    reading = ReadingFactory(capture__user=amy)
    with django_capture_on_commit_callbacks(execute=True):
        services.set_build(reading_id=reading.pk)
    assert page(as_amy, reading).content.decode().count("https://open.spotify.com/search/") == 8
    assert double.seen == []


def test_rows_from_before_spotify_was_switched_off_are_not_shown(app, as_amy, reading, track_ids, settings):
    tasks.spotify_resolve(track_ids)
    settings.SPOTIFY_CLIENT_SECRET = ""
    assert shown(track_ids) == {}


def test_a_new_set_queues_its_tracks_once_it_is_stored(app, amy, monkeypatch, django_capture_on_commit_callbacks):
    queued = []
    monkeypatch.setattr(tasks.spotify_resolve, "apply_async", lambda **message: queued.append(message))
    reading = ReadingFactory(capture__user=amy)
    with django_capture_on_commit_callbacks() as waiting:
        services.set_build(reading_id=reading.pk)
    assert queued == []
    for each in waiting:
        each()
    (message,) = queued
    ranked = Recommendation.objects.order_by("rank").values_list("track", flat=True)
    assert message == {"args": (list(ranked),), "expires": 600}
    assert app.seen == []


def test_a_dead_queue_costs_the_main_job_nothing(app, amy, monkeypatch, django_capture_on_commit_callbacks):
    from kombu.exceptions import OperationalError

    def dead(**_):
        raise OperationalError

    monkeypatch.setattr(tasks.spotify_resolve, "apply_async", dead)
    with django_capture_on_commit_callbacks(execute=True):
        assert services.set_build(reading_id=ReadingFactory(capture__user=amy).pk)


def test_the_spotify_tasks_have_a_queue_of_their_own():
    from mood_music import celery_app

    route = celery_app.amqp.router.route({}, tasks.spotify_resolve.name)
    assert route["queue"].name == "spotify"
    assert celery_app.amqp.router.route({}, "emotion.tasks.capture_process")["queue"].name == "celery"


@pytest.mark.parametrize("fault", [Fault(200, {}, stall=30), Fault(500, ""), rate_limited(12_471)])
def test_with_spotify_slow_or_down_the_main_job_asks_it_nothing(
    app, as_amy, photo, scripted, fault, django_capture_on_commit_callbacks, monkeypatch
):
    from emotion.models import Capture
    from emotion.tasks import capture_process
    from recommendations.tasks import recommendation_set_build

    app.script(".*", *[fault] * 50)
    queued = []
    monkeypatch.setattr(tasks.spotify_resolve, "apply_async", lambda **message: queued.append(message))
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_amy.post(reverse("capture_new"), {"photo": photo_file(photo), "source": "upload"})
    capture = Capture.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        capture_process(capture.pk)
    with django_capture_on_commit_callbacks(execute=True):
        recommendation_set_build(capture.readings.get().pk)
    shown_page = as_amy.get(answer.url).content.decode()
    assert shown_page.count('class="track__rank"') == 8
    assert len(queued) == 1
    assert app.seen == []


def photo_file(data):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile("face.jpg", data, "image/jpeg")


def test_the_purge_deletes_what_is_past_its_term_and_nothing_else(app, track_ids):
    tasks.spotify_resolve(track_ids)
    SpotifyTrack.objects.filter(track=track_ids[0]).update(expires_at=timezone.now())
    spotify_purge()
    assert SpotifyTrack.objects.count() == 7
    assert Track.objects.filter(pk=track_ids[0]).exists()
    with time_machine.travel(timezone.now() + datetime.timedelta(days=31)):
        assert shown(track_ids) == {}
        spotify_purge()
    assert not SpotifyTrack.objects.exists()


def test_the_page_asks_the_database_once_for_all_tracks(app, reading, track_ids, django_assert_num_queries):
    tasks.spotify_resolve(track_ids)
    with django_assert_num_queries(1):
        assert len(shown(track_ids)) == 8


def test_an_image_from_another_host_is_not_kept(app, track_ids):
    def elsewhere(title, artist):
        found = track_object(title, [artist], "Album")
        found["album"]["images"] = [{"url": "https://tracker.example/x.gif", "width": 300}]
        return [found]

    app.find = elsewhere
    tasks.spotify_resolve(track_ids[:1])
    row = SpotifyTrack.objects.get()
    assert row.uri
    assert row.image_url == ""
