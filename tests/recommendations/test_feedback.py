import math

import pytest
from django.urls import reverse

from mood_music.errors import UserError
from mood_music.messages import message
from privacy.purposes import Purpose
from privacy.services import consent_record
from recommendations import presenters, selectors, services
from recommendations.catalogue_cache import catalogue_load
from recommendations.circumplex import Point
from recommendations.learning import Kind
from recommendations.models import RecommendationSet, TrackFeedback
from tests.factories import ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def reading(amy):
    made = ReadingFactory(capture__user=amy, emotion="sadness")
    services.set_build(reading_id=made.pk)
    return made


def say(reading, kind, given=True, rank=0):
    found = reading.sets.get().recommendations.all()[rank]
    services.feedback_set(recommendation=found, kind=kind, given=given)
    return found


def kinds():
    return sorted(TrackFeedback.objects.values_list("kind", flat=True))


def url(reading):
    return reverse("track_feedback", args=[reading.capture.public_id])


def test_a_word_said_twice_is_said_once_and_can_be_taken_back(reading):
    for _ in range(3):
        found = say(reading, "like")
    row = TrackFeedback.objects.get()
    assert (row.user, row.track_id, row.kind) == (reading.user, found.track_id, "like")
    assert (row.valence, row.arousal) == (found.numbers["target_valence"], found.numbers["target_arousal"])
    for _ in range(2):
        say(reading, "like", given=False)
    assert kinds() == []


def test_a_word_replaces_what_contradicts_it_and_nothing_else(reading):
    for kind in ("like", "more", "not_this_mood"):
        say(reading, kind)
    say(reading, "like", rank=1)
    say(reading, "dislike")
    assert kinds() == ["dislike", "like", "not_this_mood"]
    say(reading, "like")
    assert kinds() == ["like", "like", "not_this_mood"]


def test_a_word_that_is_none_of_ours_is_refused(reading):
    with pytest.raises(UserError, match="unknown_feedback"):
        say(reading, "adore")


def test_the_next_set_follows_at_once_and_says_why(reading, amy):
    liked = [say(reading, "more", rank=rank).track for rank in range(3)]
    again = services.set_renew(reading_id=reading.pk)
    rows = list(again.recommendations.select_related("track"))
    assert any("Because you asked for more like" in row.reason for row in rows)
    assert max(row.numbers["personal"] for row in rows) > 1.1
    assert again.edition == 2
    assert not {track.pk for track in liked} & {row.track_id for row in rows}


def test_a_disliked_song_and_its_kind_become_rare(reading, amy, bob):
    disliked = say(reading, "dislike")
    odds = {
        user: selectors.listener_of(user=user).taste.odds(catalogue_load(), Point(reading.valence, reading.arousal))
        for user in (amy, bob)
    }
    place = catalogue_load().with_keys([disliked.track_id])[0]
    assert odds[amy][place] < 0.2
    assert (odds[bob] == 1).all()


def test_feedback_outlives_a_correction_and_goes_with_the_reading(reading):
    say(reading, "like")
    services.sets_rebuild(reading_id=reading.pk)
    assert kinds() == ["like"]
    reading.capture.delete()
    assert kinds() == []


def test_feedback_goes_with_the_consent_to_a_history(reading, bob):
    say(reading, "like")
    theirs = ReadingFactory(capture__user=bob)
    services.set_build(reading_id=theirs.pk)
    say(theirs, "like")
    consent_record(user=reading.user, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    assert TrackFeedback.objects.get().user == bob


def test_choosing_other_songs_brings_others_and_keeps_one_set(as_amy, reading):
    before = {row.track_id for row in reading.sets.get().recommendations.all()}
    answer = as_amy.post(reverse("set_renew", args=[reading.capture.public_id]))
    assert answer.url.endswith("#music")
    after = {row.track_id for row in RecommendationSet.objects.get().recommendations.all()}
    assert len(after) == 8
    assert not before & after


def test_other_songs_of_a_reading_that_is_gone_are_no_error():
    assert services.set_renew(reading_id=987654) is None


def test_every_word_has_a_button_and_a_tap_leads_back_to_its_song(as_amy, reading):
    page = as_amy.get(reverse("result", args=[reading.capture.public_id])).content.decode()
    for kind, label in presenters.FEEDBACK_WORDS.items():
        assert page.count(f'value="{kind.value}" aria-pressed="false" title="{label}"') == 8
    assert set(presenters.FEEDBACK_WORDS) == set(Kind)
    track = reading.sets.get().recommendations.first().track_id
    answer = as_amy.post(url(reading), {"track": track, "kind": "like"})
    assert (answer.status_code, answer.url.split("#")[1]) == (302, "track-1")
    page = as_amy.get(answer.url).content.decode()
    assert page.count('name="undo" value="like" aria-pressed="true"') == 1
    as_amy.post(url(reading), {"track": track, "undo": "like"})
    assert kinds() == []


def test_htmx_gets_the_buttons_alone_and_hears_that_it_was_noted(as_amy, reading):
    track = reading.sets.get().recommendations.first().track_id
    answer = as_amy.post(url(reading), {"track": track, "kind": "skip"}, headers={"HX-Request": "true"})
    row = answer.content.decode()
    assert row.count('<form class="words"') == 1
    assert "<html" not in row
    assert "Noted" in row
    answer = as_amy.post(url(reading), {"track": track, "undo": "skip"}, headers={"HX-Request": "true"})
    assert "Taken back" in answer.content.decode()


@pytest.mark.parametrize("track", ["", "x", "-1", "99999999", "²", "9" * 30])
def test_a_song_that_is_not_in_the_list_is_refused_in_words(as_amy, reading, track):
    answer = as_amy.post(url(reading), {"track": track, "kind": "like"})
    assert answer.status_code == 409
    assert message("track_gone").title in answer.content.decode()
    assert kinds() == []


def test_a_forged_word_is_refused_in_words(as_amy, reading):
    track = reading.sets.get().recommendations.first().track_id
    assert as_amy.post(url(reading), {"track": track, "kind": "adore"}).status_code == 400


def test_words_about_a_list_cost_one_query_however_long_it_is(as_amy, reading, django_assert_max_num_queries):
    say(reading, "like")
    with django_assert_max_num_queries(20):
        as_amy.get(reverse("result", args=[reading.capture.public_id]))


def test_the_numbers_behind_each_song_are_there_on_demand_and_multiply_to_its_score(as_amy, reading):
    say(reading, "like")
    shown = as_amy.get(reverse("result", args=[reading.capture.public_id])).content.decode()
    assert shown.count('<details class="numbers">') == 8
    for label in presenters.NUMBER_WORDS.values():
        assert shown.count(label) == 8
    for each in reading.sets.get().recommendations.all():
        told = presenters.numbers(each)
        assert math.prod(factor["value"] for factor in told["factors"]) == pytest.approx(each.score)
        assert 0 < told["percent"] <= 100


def test_a_set_of_an_earlier_version_shows_what_numbers_it_has(as_amy, reading):
    reading.sets.get().recommendations.update(numbers={})
    shown = as_amy.get(reverse("result", args=[reading.capture.public_id])).content.decode()
    assert '<details class="numbers">' not in shown
