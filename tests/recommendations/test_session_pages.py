"""The pages of a session, as they answer a browser without JavaScript."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from emotion.models import Capture
from mood_music.messages import message
from recommendations import services
from recommendations import session_presenters as presenters
from recommendations.models import ListenerPreferences, ListeningSession, SpotifyTrack
from recommendations.sessions import session_start
from tests.factories import CaptureFactory, ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def reading(amy):
    made = ReadingFactory(capture__user=amy, emotion="sadness")
    services.set_build(reading_id=made.pk)
    return made


@pytest.fixture
def session(amy, reading):
    return session_start(user=amy, reading=reading)


def url(name, session):
    return reverse(name, args=[session.public_id])


def shown(client, session):
    return client.get(session.get_absolute_url()).content.decode()


def test_listen_along_leads_from_the_result_to_one_session(as_amy, reading):
    result = reading.capture.get_absolute_url()
    start = reverse("session_start", args=[reading.capture.public_id])
    assert start in as_amy.get(result).content.decode()
    first, again = as_amy.post(start), as_amy.post(start)
    assert first.url == again.url == ListeningSession.objects.get().get_absolute_url()
    page = as_amy.get(result).content.decode()
    assert start not in page
    assert first.url in page


def test_the_page_shows_the_track_its_reason_its_link_and_the_whole_path(as_amy, session):
    page = shown(as_amy, session)
    first = session.tracks.select_related("track").first()
    assert first.reason in page
    assert page.count("https://open.spotify.com/search/") == 1
    assert page.count('class="path__step ') == 8
    assert page.count('aria-current="step"') == 1
    assert '<polyline class="plane__path"' in page
    assert page.count("plane__track--planned") == 7


def test_the_path_is_drawn_from_the_mood_before_to_the_goal(session):
    from recommendations.session_selectors import standing

    drawn = presenters.plane(session, standing(session=session))
    points = drawn["way"].split()
    assert len(points) == 8
    assert points[0] == f"{drawn['start']['x']},{drawn['start']['y']}"
    assert points[-1] == f"{drawn['goal']['x']},{drawn['goal']['y']}"
    assert drawn["here"] == drawn["start"]


def test_next_and_skip_sent_twice_move_one_track(as_amy, session):
    for what in ("next", "next"):
        answer = as_amy.post(url("session_next", session), {"rank": "1", "what": what}, follow=True)
    assert answer.context["current"]["rank"] == 2
    answer = as_amy.post(url("session_next", session), {"rank": "2", "what": "skip"}, follow=True)
    assert [row["state"] for row in answer.context["tracks"]][:3] == ["done", "skipped", "playing"]


def test_a_word_about_the_track_that_plays_is_taken_and_taken_back(as_amy, session):
    page = shown(as_amy, session)
    assert all(f'id="session-{kind}"' in page for kind in ("like", "more", "not_this_mood", "dislike"))
    for sent, given in (({"kind": "like"}, "true"), ({"undo": "like"}, "false")):
        as_amy.post(url("session_word", session), {"rank": "1", **sent})
        assert f'value="like" aria-pressed="{given}"' in shown(as_amy, session)


@pytest.mark.parametrize("rank", ["", "x", "-1", "99999999999"])
def test_a_forged_rank_is_refused_in_words(as_amy, session, rank):
    answer = as_amy.post(url("session_next", session), {"rank": rank})
    assert answer.status_code == 409
    assert message("session_moved_on").title in answer.content.decode()


def test_the_mode_changes_with_one_tap(as_amy, session):
    answer = as_amy.post(url("session_mode", session), {"mode": "lift"}, follow=True)
    assert [mode["value"] for mode in answer.context["modes"] if mode["active"]] == ["lift"]
    assert as_amy.post(url("session_mode", session), {"mode": "sleep"}).status_code == 400


def test_the_whole_loop_ends_with_the_change_said_plainly(as_amy, session):
    as_amy.post(url("session_mood", session), {"moment": "before", "valence": "2", "arousal": "2"})
    for rank in range(1, 9):
        as_amy.post(url("session_next", session), {"rank": str(rank), "what": "next"})
    page = shown(as_amy, session)
    assert "How do you feel now?" in page
    assert page.count('name="valence"') == page.count('name="arousal"') == 5
    as_amy.post(url("session_mood", session), {"moment": "after", "valence": "3", "arousal": "2"})
    page = shown(as_amy, session)
    assert "A little brighter than before." in page
    assert "This session has ended." in page
    assert "A little brighter than before." in as_amy.get(reverse("session_list")).content.decode()


@pytest.mark.parametrize("sent", [{"valence": "3"}, {"arousal": "3"}, {"valence": "x", "arousal": "9"}, {}])
def test_half_an_answer_is_refused_in_words(as_amy, session, sent):
    answer = as_amy.post(url("session_mood", session), {"moment": "after", **sent})
    assert answer.status_code == 400
    assert message("unknown_step").title in answer.content.decode()
    assert session.moods.count() == 1


def test_a_low_mood_on_match_sees_the_way_out(as_amy, session):
    offer = "There is a way on from here"
    as_amy.post(url("session_mode", session), {"mode": "match"})
    assert offer not in shown(as_amy, session)
    for rank in ("1", "2", "3"):
        as_amy.post(url("session_next", session), {"rank": rank, "what": "next"})
    assert offer in shown(as_amy, session)
    as_amy.post(url("session_mode", session), {"mode": "shift"})
    assert offer not in shown(as_amy, session)


def test_a_new_reading_from_a_session_comes_back_to_it_and_leads_it(
    as_amy, session, photo, scripted, django_capture_on_commit_callbacks
):
    from emotion.tasks import capture_process
    from tests.support.pictures import encoded, picture

    page = as_amy.get(url("session_reading", session)).content.decode()
    assert f'action="{url("session_reading", session)}"' in page
    assert session.get_absolute_url() in page
    from django.core.files.uploadedfile import SimpleUploadedFile

    sent = {"photo": SimpleUploadedFile("a.jpg", encoded(picture())), "source": "upload"}
    answer = as_amy.post(url("session_reading", session), sent)
    assert answer.url == session.get_absolute_url()
    capture = Capture.objects.latest("pk")
    page = shown(as_amy, session)
    assert reverse("capture_status", args=[capture.public_id]) in page
    assert 'http-equiv="refresh"' in page
    with django_capture_on_commit_callbacks(execute=True):
        capture_process(capture.pk)
    services.set_build(reading_id=capture.readings.get().pk)
    page = shown(as_amy, session)
    assert "read from your face" in page
    assert 'http-equiv="refresh"' not in page
    session.refresh_from_db()
    assert (session.reading.capture, session.mode) == (capture, "keep")
    assert session.get_absolute_url() in as_amy.get(capture.get_absolute_url()).content.decode()


def test_a_picture_that_could_not_be_read_is_explained_and_the_session_goes_on(as_amy, amy, session):
    capture = CaptureFactory(user=amy, status="refused", refusal="no_face")
    ListeningSession.objects.update(awaited=capture)
    page = shown(as_amy, session)
    assert message("no_face").title in page
    assert url("session_reading", session) in page
    as_amy.post(url("session_next", session), {"rank": "1", "what": "next"})
    assert message("no_face").title not in shown(as_amy, session)


def test_an_ended_session_takes_no_pictures_and_has_no_forms_but_the_way_on(as_amy, session):
    as_amy.post(url("session_end", session))
    assert as_amy.get(url("session_reading", session)).url == session.get_absolute_url()
    page = shown(as_amy, session)
    for name in ("session_next", "session_mode", "session_mood", "session_end"):
        assert url(name, session) not in page


def test_without_a_history_the_page_says_when_it_is_forgotten(as_amy, session):
    assert "deleted together with its reading" in shown(as_amy, session)
    Capture.objects.update(expires_at=timezone.now())
    assert "this session is forgotten at" in shown(as_amy, session)


def test_the_plane_shows_how_it_felt_after(as_amy, session):
    assert "plane__told" not in shown(as_amy, session)
    as_amy.post(url("session_mood", session), {"moment": "after", "valence": "4", "arousal": "1"})
    assert 'transform="translate(70.0 90.0)"><path class="plane__told"' in shown(as_amy, session)


def test_a_track_that_is_known_to_spotify_can_be_played_in_the_session(as_amy, session, settings):
    settings.SPOTIFY_CLIENT_ID = settings.SPOTIFY_CLIENT_SECRET = "x"
    page = shown(as_amy, session)
    assert "Find on Spotify" in page
    playing = session.tracks.get(state="playing").track
    uri = "spotify:track:4uLU6hMCjMI75M1A2tKUQC"
    now = timezone.now()
    later = now + datetime.timedelta(days=1)
    SpotifyTrack.objects.create(track=playing, uri=uri, name="Song", artists=["A"], fetched_at=now, expires_at=later)
    answer = as_amy.get(session.get_absolute_url(), {"play": "1"})
    assert "https://open.spotify.com/embed/track/4uLU6hMCjMI75M1A2tKUQC" in answer.content.decode()
    assert "frame-src https://open.spotify.com" in answer["Content-Security-Policy"]


def test_every_step_of_the_scale_has_words_of_its_own(as_amy, session):
    scale = presenters.scale()
    for steps in scale.values():
        assert [each["step"] for each in steps] == [1, 2, 3, 4, 5]
        assert len({each["label"] for each in steps}) == 5
    page = shown(as_amy, session)
    assert len(re.findall(r"#mood-[1-5]", page)) == 5


def test_the_page_asks_the_database_the_same_however_long_the_path_is(as_amy, amy, session, settings):
    def asked(of):
        with CaptureQueriesContext(connection) as queries:
            as_amy.get(of.get_absolute_url())
        return len(queries)

    few = asked(session)
    settings.RECOMMENDATIONS_PER_SET = 20
    other = ReadingFactory(capture__user=amy, emotion="sadness")
    services.set_build(reading_id=other.pk)
    longer = session_start(user=amy, reading=other)
    assert longer.tracks.count() == 20
    # Another session in the history is asked for its tracks and moods; that is all.
    assert asked(longer) <= few + 2


def test_what_has_helped_before_is_said_gently_on_the_result(as_amy, amy, reading):
    from tests.recommendations.test_sessions import told

    page = as_amy.get(reading.capture.get_absolute_url()).content.decode()
    assert "has helped you" not in page
    for _ in range(3):
        told(amy, "lift", 4)
    said = "On such days lift has helped you before."
    assert as_amy.get(reading.capture.get_absolute_url()).content.decode().count(said) == 1
    ListenerPreferences.objects.create(user=amy, companion=False)
    assert as_amy.get(reading.capture.get_absolute_url()).content.decode().count(said) == 1
