"""What a connected person does: save, play, order by what she plays most."""

import datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from mood_music.errors import UserError
from mood_music.messages import message
from recommendations.models import Recommendation, RecommendationSet, SavedPlaylist, SessionTrack, SpotifyTrack
from recommendations.providers.spotify import listening
from recommendations.providers.spotify.cache import Shown, cache_purge
from recommendations.providers.spotify.client import TopTrack
from recommendations.providers.spotify.music import set_music
from recommendations.sessions import session_start, track_finish
from tests.support.spotify_double import Fault, rate_limited, track_object

pytestmark = pytest.mark.django_db


def uris(found):
    rows = found.recommendations.order_by("rank").values_list("track__spotify__uri", flat=True)
    return list(rows)


def press(client, name, found):
    return client.post(reverse(name, args=[found.reading.capture.public_id]), follow=True).content.decode()


@pytest.mark.usefixtures("amy_connected")
def test_a_set_becomes_a_private_playlist_whose_name_says_nothing_of_the_mood(as_amy, music, login):
    page = press(as_amy, "spotify_playlist", music)
    (playlist,) = login.playlists.values()
    assert playlist["uris"] == uris(music)
    assert (playlist["public"], playlist["collaborative"]) == (False, False)
    told = f"{playlist['name']} {playlist['description']}".lower()
    for word in (music.reading.dominant, music.mode, "reading", "face", "sad", "happ"):
        assert word not in told
    assert f"https://open.spotify.com/playlist/{SavedPlaylist.objects.get().playlist_id}" in page


@pytest.mark.usefixtures("amy_connected")
def test_pressing_again_makes_no_second_playlist(as_amy, music, login):
    for _ in range(3):
        press(as_amy, "spotify_playlist", music)
    assert len(login.playlists) == 1
    assert len(login.requests("PUT /v1/playlists")) == 1


def test_a_second_press_while_the_first_is_under_way_is_refused(amy, amy_connected, music, login):
    SavedPlaylist.objects.create(
        user=amy,
        recommendation_set=music,
        expires_at=timezone.now() + datetime.timedelta(days=1),
        claimed_until=timezone.now() + datetime.timedelta(seconds=30),
    )
    with pytest.raises(UserError, match="spotify_saving"):
        listening.playlist_save(user=amy, music=set_music(music))
    assert login.playlists == {}


@pytest.mark.parametrize("fault", [Fault(500, ""), rate_limited(1), Fault(200, "<html>")])
def test_after_a_failure_half_way_the_next_press_fills_the_same_playlist(as_amy, amy_connected, music, login, fault):
    login.script("PUT /v1/playlists", fault)
    assert "Saved as a private playlist" not in press(as_amy, "spotify_playlist", music)
    assert SavedPlaylist.objects.get().filled_at is None
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=5)):
        page = press(as_amy, "spotify_playlist", music)
    assert "Saved as a private playlist" in page
    (playlist,) = login.playlists.values()
    assert playlist["uris"] == uris(music)


def test_a_playlist_that_was_deleted_before_it_was_filled_is_made_anew(as_amy, amy_connected, music, login):
    login.script("PUT /v1/playlists", Fault(404, {"error": {"status": 404, "message": "Resource not found"}}))
    press(as_amy, "spotify_playlist", music)
    press(as_amy, "spotify_playlist", music)
    assert len(login.playlists) == 2
    assert SavedPlaylist.objects.get().filled_at


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(500, ""), "spotify_unavailable"),
        (rate_limited(60), "spotify_paused"),
        (Fault(403, {"error": {"status": 403, "message": "Insufficient client scope"}}), "spotify_refused"),
    ],
)
def test_a_playlist_that_could_not_be_made_is_told_and_can_be_tried_again(
    as_amy, amy_connected, music, login, fault, words
):
    login.script("POST /v1/me/playlists", fault)
    assert message(words).title in press(as_amy, "spotify_playlist", music)
    saved = SavedPlaylist.objects.get()
    assert (saved.playlist_id, saved.claimed_until) == ("", None)
    assert len(login.requests("POST /v1/me/playlists")) == 1, "a POST is never sent again by itself"


def test_a_set_that_was_not_found_there_cannot_be_saved(as_amy, amy_connected, music, login):
    SpotifyTrack.objects.update(uri="")
    assert message("spotify_nothing_found").title in press(as_amy, "spotify_playlist", music)
    assert not SavedPlaylist.objects.exists()


def test_a_set_plays_on_the_device_in_use(as_amy, amy_connected, music, login):
    login.devices.insert(0, {"id": "d0", "name": "Phone", "is_active": False, "is_restricted": False})
    assert "Playing on Kitchen" in press(as_amy, "spotify_play", music)
    assert login.played == [{"device_id": "device1", "uris": uris(music)}]


def test_without_a_device_in_use_the_first_that_takes_commands_plays(as_amy, amy_connected, music, login):
    login.devices = [
        {"id": None, "name": "Television", "is_active": True, "is_restricted": False},
        {"id": "d1", "name": "Car", "is_active": True, "is_restricted": True},
        {"id": "d2", "name": "Phone", "is_active": False, "is_restricted": False},
    ]
    assert "Playing on Phone" in press(as_amy, "spotify_play", music)


def test_without_any_device_the_person_is_told_what_to_open(as_amy, amy_connected, music, login):
    login.devices = []
    assert message("spotify_no_device").title in press(as_amy, "spotify_play", music)
    login.devices = [{"id": "d", "name": "Gone", "is_active": True, "is_restricted": False}]
    login.script(
        "PUT /v1/me/player/play", Fault(404, {"error": {"status": 404, "message": "x", "reason": "NO_ACTIVE_DEVICE"}})
    )
    assert message("spotify_no_device").title in press(as_amy, "spotify_play", music)


def test_without_premium_the_person_is_told_so(as_amy, amy_connected, music, login):
    login.premium = False
    assert message("spotify_premium").title in press(as_amy, "spotify_play", music)


def top(found, rank):
    track = found.recommendations.get(rank=rank).track
    return track_object(track.title.replace('"', ""), [track.artist.replace('"', "")], "Album")


def test_what_is_played_most_comes_first_and_is_kept_nowhere(as_amy, amy, amy_connected, music, login):
    other = music.recommendations.get(rank=5).track.artist
    login.top_tracks = [track_object("Something else", [other], "Album"), top(music, 7)]
    before = everything()
    page = as_amy.get(reverse("spotify_order", args=[music.reading.capture.public_id]))
    order = [row["rank"] for row in page.context["recommendations"]]
    assert order == [7, 5, 1, 2, 3, 4, 6, 8]
    assert everything() == before
    assert [one.query["limit"] for one in login.requests("GET /v1/me/top/tracks")] == ["50"]
    assert list(music.recommendations.values_list("rank", flat=True)) == list(range(1, 9))


def everything():
    """Return all that is stored of music and connections, as values."""
    models = (Recommendation, RecommendationSet, SpotifyTrack, SavedPlaylist)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_without_the_choice_to_be_asked_nothing_is_read(as_amy, connect, music, login):
    connect(as_amy)
    answer = as_amy.get(reverse("spotify_order", args=[music.reading.capture.public_id]))
    assert answer.url == reverse("spotify_settings")
    assert login.requests("GET /v1/me/top") == []


def test_with_spotify_down_the_order_leads_back_to_the_music(as_amy, amy_connected, music, login):
    login.script("GET /v1/me/top", Fault(500, ""))
    answer = as_amy.get(reverse("spotify_order", args=[music.reading.capture.public_id]), follow=True)
    assert message("spotify_unavailable").title in answer.content.decode()
    assert answer.redirect_chain[0][0].endswith("#music")


def test_familiarity_is_for_the_track_then_for_its_artists():
    track = Shown("spotify:track:a", "A", "One, Two", "")
    assert listening.familiarity(track, [TopTrack("spotify:track:a", ("One",))]) == 2
    assert listening.familiarity(track, [TopTrack("x", ("Three",)), TopTrack("y", ("TWO",))]) == 0.5
    assert listening.familiarity(track, [TopTrack("x", ("One",))] * 9) == 1
    assert listening.familiarity(track, []) == 0
    assert listening.familiarity(None, [TopTrack("spotify:track:a", ("One",))]) == 0


@pytest.mark.parametrize("lost", [False, True])
def test_the_result_page_offers_what_the_connection_allows(as_amy, amy, music, login, connect, lost):
    address = reverse("result", args=[music.reading.capture.public_id])
    assert "Connect Spotify to save this" in as_amy.get(address).content.decode()
    connect(as_amy, personal_order="on")
    if lost:
        amy.connected_services.update(needs_reconnect=True)
        page = as_amy.get(address).content.decode()
        assert "Connect Spotify again" in page
        assert reverse("spotify_playlist", args=[music.reading.capture.public_id]) not in page
    else:
        page = as_amy.get(address).content.decode()
        for name in ("spotify_playlist", "spotify_play", "spotify_order"):
            assert reverse(name, args=[music.reading.capture.public_id]) in page


def test_the_result_page_calls_spotify_for_nothing(as_amy, amy_connected, music, login):
    login.expire_access_tokens()
    before = len(login.seen)
    assert as_amy.get(reverse("result", args=[music.reading.capture.public_id])).status_code == 200
    assert len(login.seen) == before


def test_a_saved_playlist_is_forgotten_after_its_term(as_amy, amy_connected, music, login):
    press(as_amy, "spotify_playlist", music)
    SavedPlaylist.objects.update(expires_at=timezone.now())
    cache_purge()
    assert not SavedPlaylist.objects.exists()


def test_tracks_that_were_found_since_update_the_same_playlist(as_amy, amy_connected, music, login):
    late = music.recommendations.get(rank=3).track
    uri = late.spotify.uri
    SpotifyTrack.objects.filter(track=late).update(uri="")
    press(as_amy, "spotify_playlist", music)
    SpotifyTrack.objects.filter(track=late).update(uri=uri)
    assert (
        "Update it to these songs"
        in as_amy.get(reverse("result", args=[music.reading.capture.public_id])).content.decode()
    )
    assert "Update it to these songs" not in press(as_amy, "spotify_playlist", music)
    (playlist,) = login.playlists.values()
    assert playlist["uris"] == uris(music)


@pytest.fixture
def session(amy, music):
    return session_start(user=amy, reading=music.reading)


def step(client, name, session):
    return client.post(reverse(name, args=[session.public_id]), follow=True).content.decode()


def test_the_path_of_a_session_is_saved_without_what_was_skipped(as_amy, amy_connected, session, login):
    track_finish(session=session, rank=1, state=SessionTrack.State.SKIPPED)
    assert "Saved as a private playlist" in step(as_amy, "spotify_session_playlist", session)
    (playlist,) = login.playlists.values()
    kept = session.tracks.exclude(rank=1).values_list("track__spotify__uri", flat=True)
    assert playlist["uris"] == list(kept)
    track_finish(session=session, rank=2, state=SessionTrack.State.SKIPPED)
    assert "Update it to these songs" in as_amy.get(session.get_absolute_url()).content.decode()
    step(as_amy, "spotify_session_playlist", session)
    (playlist,) = login.playlists.values()
    assert playlist["uris"] == list(kept)[1:]


def test_what_is_left_of_a_session_plays_on_a_device(as_amy, amy_connected, session, login):
    track_finish(session=session, rank=1, state=SessionTrack.State.DONE)
    assert "Playing on Kitchen" in step(as_amy, "spotify_session_play", session)
    ahead = session.tracks.exclude(rank=1).values_list("track__spotify__uri", flat=True)
    assert login.played[0]["uris"] == list(ahead)


@pytest.mark.parametrize("name", ["spotify_session_playlist", "spotify_session_play"])
def test_somebody_elses_session_is_neither_saved_nor_played(client, bob, amy_connected, session, login, name):
    client.force_login(bob)
    assert client.post(reverse(name, args=[session.public_id])).status_code == 404
    assert (login.playlists, login.played) == ({}, [])


@pytest.mark.parametrize("name", ["spotify_playlist", "spotify_play", "spotify_order"])
def test_somebody_elses_music_is_neither_saved_nor_played_nor_ordered(client, bob, connect, music, login, name):
    client.force_login(bob)
    connect(client, personal_order="on")
    before = len(login.seen)
    method = client.get if name == "spotify_order" else client.post
    assert method(reverse(name, args=[music.reading.capture.public_id])).status_code == 404
    assert len(login.seen) == before
