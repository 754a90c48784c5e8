"""Songs of one's own playlists: hers alone, for thirty days, and gone without a trace."""

import datetime
import io

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from mood_music.errors import UserError
from privacy.holdings import category_erase, residue_of
from privacy.registry import category_named
from privacy.retention import retention_enforce
from privacy.subjects import Subject
from recommendations import own_music, selectors, services, sessions
from recommendations.catalogue import CatalogueError
from recommendations.catalogue_cache import catalogue_load
from recommendations.catalogue_imports import rows_import
from recommendations.models import Recommendation, Track
from tests.factories import ReadingFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

HEADER = "Track Name,Artist Name(s),Release Date,Explicit,Energy,Valence"


def export(*rows, header=HEADER):
    return io.BytesIO("\n".join([header, *rows]).encode())


def songs(count, energy="0.74", valence="0.93"):
    """Return so many songs, each of an artist of its own, at the place of a happy reading."""
    return [f"Own song {n},Own artist {n},2001-01-01,false,{energy},{valence}" for n in range(count)]


def bring(user, *rows, **kwargs):
    return own_music.own_music_import(user=user, file=export(*rows, **kwargs))


def heard(reading):
    return list(services.sets_rebuild(reading_id=reading.pk).recommendations.select_related("track"))


@pytest.fixture
def amy(client):
    user = UserFactory()
    client.force_login(user)
    return user


@pytest.fixture
def reading(amy):
    return ReadingFactory(capture__user=amy, emotion="happiness", capture__mode="match")


def test_what_she_brought_comes_in_her_music_and_says_so(amy, reading):
    assert not any(row.track.owner_id for row in heard(reading))
    assert bring(amy, *songs(40)).tracks == 40
    own = [row for row in heard(reading) if row.track.owner_id]
    assert own
    assert all(row.track.owner == amy for row in own)
    assert all(row.reason.endswith(" From your own playlists.") for row in own)
    assert all(row.numbers["own"] == 4.0 for row in own)


def test_nobody_else_ever_hears_or_sees_it(amy, reading, client):
    bring(amy, *songs(200))
    for _ in range(5):
        other = ReadingFactory(emotion="happiness", capture__mode="match")
        assert not any(row.track.owner_id or "own playlists" in row.reason for row in heard(other))
    assert not any(track.title.startswith("Own song") for track in catalogue_load().tracks)
    client.force_login(UserFactory())
    assert "Own song" not in client.get(reverse("own_music")).content.decode()
    assert selectors.listener_of(user=UserFactory()).own == ()


def test_administrators_do_not_see_it_in_the_catalogue(amy, client):
    bring(amy, *songs(3))
    own = Track.objects.filter(owner=amy).first()
    client.force_login(UserFactory(email="admin@example.org", is_staff=True, is_superuser=True))
    assert "Own song" not in client.get("/admin/recommendations/track/?q=Own").content.decode()
    assert client.get(f"/admin/recommendations/track/{own.pk}/change/").status_code == 302


def test_a_song_that_the_catalogue_has_keeps_its_place_there_and_comes_more_often(amy, reading):
    known = Track.objects.shared().get(title="Happy", artist="Pharrell Williams")
    brought = bring(amy, "Happy - Remastered,Pharrell Williams,2013,false,0.1,0.1")
    assert (brought.tracks, brought.in_catalogue) == (1, 1)
    listener = selectors.listener_of(user=amy)
    assert (listener.own, listener.playlists) == ((), {known.pk})
    own = Track.objects.get(owner=amy)
    assert (own.valence, own.arousal) == (known.valence, known.arousal)


def test_a_song_without_a_place_is_left_out_and_told(amy):
    brought = bring(
        amy,
        "Happy,Pharrell Williams,2013,false",
        "Nobody knows it,Nobody,2013,false",
        header="Track Name,Artist Name(s),Release Date,Explicit",
    )
    assert brought.tracks == 1
    assert brought.left_out == ("Nobody knows it, Nobody: not in our catalogue, and the file does not say its mood.",)


def test_bringing_a_playlist_again_renews_it_and_adds_nothing(amy):
    bring(amy, *songs(3))
    with time_machine.travel(timezone.now() + datetime.timedelta(days=20), tick=False):
        bring(amy, *songs(3, energy="0.2"))
        renewed = Track.objects.own(amy)
        assert [track.arousal for track in renewed] == [0.2] * 3
        assert all(track.expires_at == timezone.now() + datetime.timedelta(days=30) for track in renewed)


def test_the_same_song_of_two_people_is_two_rows_and_of_one_person_one(amy):
    ben = UserFactory()
    bring(amy, *songs(1))
    bring(ben, *songs(1))
    own = Track.objects.get(owner=amy)
    own.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        own.save(force_insert=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Track.objects.filter(owner=ben).update(expires_at=None)


def test_an_import_into_the_catalogue_passes_own_songs_by(amy):
    bring(amy, *songs(1))
    row = next(iter(selectors.listener_of(user=amy).own))
    assert rows_import(rows=[row]).created == 1
    assert Track.objects.filter(title=row.title).count() == 2


def test_explicit_and_blocked_songs_stay_out_of_her_own_as_well(amy, reading):
    explicit = [row.replace("false", "true") for row in songs(40)]
    bring(amy, *explicit)
    services.preferences_save(
        user=amy,
        genres=[],
        eras=[],
        languages=[],
        blocked_artists=[],
        allow_explicit=False,
        default_modes={},
    )
    assert not any(row.track.owner_id for row in heard(reading))


def listening(user, reading):
    """Return a session whose first and third track are the person's own, as are those of the set behind it."""
    built = services.set_build(reading_id=reading.pk)
    session = sessions.session_start(user=user, reading=reading)
    bring(user, *songs(2))
    for rank, own in zip((1, 3), Track.objects.own(user), strict=True):
        built.recommendations.filter(rank=rank).update(track=own)
        session.tracks.filter(rank=rank).update(track=own)
    return session


def test_after_its_time_it_is_not_chosen_and_then_deleted_wherever_it_stands(amy, reading):
    session = listening(amy, reading)
    with time_machine.travel(timezone.now() + datetime.timedelta(days=30, seconds=1)):
        assert selectors.listener_of(user=amy).own == ()
        done = {each.rule: each.count for each in retention_enforce()}
    assert done["own_music"] == 2
    assert not Track.objects.filter(owner=amy).exists()
    left = Recommendation.objects.filter(recommendation_set__reading=reading)
    assert list(left.values_list("rank", flat=True)) == [2, 4, 5, 6, 7, 8]
    assert list(session.tracks.values_list("rank", "state"))[:2] == [(2, "playing"), (4, "planned")]


def test_a_song_that_plays_gives_way_when_it_is_deleted(amy, reading, client):
    session = listening(amy, reading)
    assert session.tracks.get(state="playing").track.owner == amy
    client.post(reverse("own_music_delete"))
    assert session.tracks.get(state="playing").rank == 2
    assert client.get(session.get_absolute_url()).status_code == 200


def test_deleting_takes_hers_and_leaves_everything_else(amy, reading, client):
    ben = UserFactory()
    bring(amy, *songs(30))
    bring(ben, *songs(30))
    heard(reading)
    shared = Track.objects.shared().count()
    client.post(reverse("own_music_delete"))
    assert Track.objects.filter(owner=amy).count() == 0
    assert (Track.objects.filter(owner=ben).count(), Track.objects.shared().count()) == (30, shared)
    assert client.get(reading.capture.get_absolute_url()).status_code == 200


def test_erasing_the_category_leaves_no_residue(amy, reading):
    bring(amy, *songs(30))
    heard(reading)
    category, subject = category_named("own_music"), Subject.of(amy)
    assert list(residue_of(category, subject))
    category_erase(category, subject)
    category_erase(category, subject)
    assert not list(residue_of(category, subject))


def test_a_person_with_own_songs_in_her_sets_can_be_deleted(amy, reading):
    bring(amy, *songs(60))
    assert any(row.track.owner_id for row in heard(reading))
    amy.delete()
    assert not Track.objects.exclude(owner=None).exists()


def test_too_many_songs_or_too_large_a_file_bring_nothing(amy, monkeypatch):
    monkeypatch.setattr(own_music, "MOST_TRACKS", 5)
    bring(amy, *songs(4))
    with pytest.raises(UserError, match="own_music_full"):
        bring(amy, "B,B,2000,false,0.5,0.5", "C,C,2000,false,0.5,0.5")
    assert Track.objects.own(amy).count() == 4
    monkeypatch.setattr(own_music, "MOST_BYTES", 10)
    with pytest.raises(UserError, match="own_music_too_large"):
        bring(amy, *songs(1))
    with pytest.raises(CatalogueError):
        own_music.own_music_import(user=amy, file=io.BytesIO(b"a,b\n1,2"))


def test_the_page_takes_a_file_and_tells_what_was_left_out(amy, client):
    file = export(*songs(2), ",Nobody,2000,false,0.5,0.5")
    file.name = "mine.csv"
    page = client.post(reverse("own_music"), {"file": file}).content.decode()
    assert "2 songs from this file are yours here now." in page
    assert "Line 4: title or artist is empty." in page
    assert "Here now: 2 songs" in page
    assert "Delete them all" in page


def test_the_page_refuses_another_file_in_words(amy, client):
    file = io.BytesIO(b"a,b\n1,2")
    file.name = "other.csv"
    answer = client.post(reverse("own_music"), {"file": file})
    assert answer.status_code == 422
    assert "The file has no column “Track Name”." in answer.content.decode()


def test_titles_are_escaped(amy, client):
    bring(amy, "<script>x</script>,Nobody,2000,false,0.5,0.5")
    assert "<script>x" not in client.get(reverse("own_music")).content.decode()


def test_the_preferences_lead_there(amy, client):
    assert reverse("own_music") in client.get(reverse("preferences")).content.decode()
