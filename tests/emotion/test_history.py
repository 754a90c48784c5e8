import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emotion import selectors
from emotion.models import Capture, EmotionReading, ToldMood
from mood_music.errors import UserError
from privacy.replay import erasures_replay
from tests.factories import ReadingFactory

pytestmark = pytest.mark.django_db


def on_day(reading, days_ago):
    moment = timezone.now() - datetime.timedelta(days=days_ago)
    EmotionReading.objects.filter(pk=reading.pk).update(created_at=moment)
    return reading


def test_the_newest_comes_first_and_pages_by_key_lose_and_repeat_nothing(amy):
    made = [on_day(ReadingFactory(capture__user=amy), n // 3).pk for n in range(25)]
    seen, cursor = [], ""
    while True:
        page = selectors.history_page(user=amy, cursor=cursor, size=4)
        seen += [reading.pk for reading in page.entries]
        if not cursor:
            ReadingFactory(capture__user=amy)
        cursor = page.next_cursor
        if not cursor:
            break
    assert sorted(seen) == sorted(made)
    moments = [EmotionReading.objects.get(pk=pk).created_at for pk in seen]
    assert moments == sorted(moments, reverse=True)


def test_readings_of_the_same_instant_are_paged_by_id(amy):
    for _ in range(5):
        ReadingFactory(capture__user=amy)
    EmotionReading.objects.update(created_at=timezone.now())
    first = selectors.history_page(user=amy, size=3)
    second = selectors.history_page(user=amy, size=3, cursor=first.next_cursor)
    assert len({r.pk for r in first.entries + second.entries}) == 5


def test_the_emotion_filter_follows_the_persons_own_word(amy):
    corrected = ReadingFactory(capture__user=amy, emotion="anger", corrected_emotion="sadness")
    ReadingFactory(capture__user=amy, emotion="anger")
    assert selectors.history_page(user=amy, emotion="sadness").entries == [corrected]
    assert len(selectors.history_page(user=amy, emotion="anger").entries) == 1


def test_dates_include_both_ends(amy):
    readings = [on_day(ReadingFactory(capture__user=amy), n) for n in range(4)]
    today = timezone.localdate()
    page = selectors.history_page(
        user=amy, since=today - datetime.timedelta(days=2), until=today - datetime.timedelta(days=1)
    )
    assert page.entries == [readings[1], readings[2]]


def test_a_forged_cursor_is_refused_in_words(amy, as_amy):
    with pytest.raises(UserError, match="bad_cursor"):
        selectors.history_page(user=amy, cursor="rubbish")
    assert as_amy.get("/history/?cursor=rubbish").status_code == 400


def test_the_list_costs_the_same_number_of_queries_however_long_it_is(as_amy, amy, django_assert_max_num_queries):
    ReadingFactory.create_batch(15, capture__user=amy)
    with django_assert_max_num_queries(8):
        as_amy.get("/history/")


def test_an_empty_history_and_an_empty_filter_help_on(as_amy, amy):
    assert reverse("capture_new") in as_amy.get("/history/").content.decode()
    ReadingFactory(capture__user=amy, emotion="anger")
    answer = as_amy.get("/history/?emotion=fear")
    assert answer.context["entries"] == []
    assert answer.context["filtered"]


def test_a_range_that_ends_before_it_begins_is_explained(as_amy):
    answer = as_amy.get("/history/?since=2026-03-02&until=2026-03-01")
    assert answer.status_code == 200
    assert "before the first date" in answer.content.decode()


def test_a_reading_is_deleted_with_everything_that_hangs_on_it(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    answer = as_amy.post(reverse("capture_delete", args=[reading.capture.public_id]), follow=True)
    assert answer.redirect_chain == [("/history/", 302)]
    assert not Capture.objects.exists()
    assert not EmotionReading.objects.exists()


def noted(user, moment, emotion="fear"):
    return ToldMood.objects.create(user=user, felt_at=moment, emotion=emotion, word="awful", source="daylio")


def test_noted_moods_stand_among_the_readings_and_paging_loses_and_repeats_none(amy, bob):
    now = timezone.now()
    for hours in range(12):
        reading = ReadingFactory(capture__user=amy)
        EmotionReading.objects.filter(pk=reading.pk).update(created_at=now - datetime.timedelta(hours=hours))
        # Every other one of the same instant as a reading.
        noted(amy, now - datetime.timedelta(hours=hours, minutes=30 * (hours % 2)))
    noted(bob, now)
    seen, cursor = [], ""
    while True:
        page = selectors.history_page(user=amy, cursor=cursor, size=5)
        seen += [(entry.moment, type(entry).__name__, entry.pk) for entry in page.entries]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 24
    moments = [moment for moment, _, _ in seen]
    assert moments == sorted(moments, reverse=True)


def test_filters_hold_for_noted_moods_too(amy):
    now = timezone.now()
    old, new = noted(amy, now - datetime.timedelta(days=3)), noted(amy, now, "happiness")
    assert selectors.history_page(user=amy, emotion="happiness").entries == [new]
    assert selectors.history_page(user=amy, until=timezone.localdate() - datetime.timedelta(days=2)).entries == [old]


def test_a_noted_mood_is_shown_as_such_and_deleted_alone_and_by_nobody_else(amy, as_amy, bob):
    gone, stays = noted(amy, timezone.now()), noted(amy, timezone.now() - datetime.timedelta(days=1))
    assert "Noted in Daylio: awful" in as_amy.get("/history/").content.decode()
    address = reverse("told_mood_delete", args=[gone.public_id])
    somebody = Client()
    assert somebody.post(address).url.startswith(reverse("account_login"))
    somebody.force_login(bob)
    assert somebody.post(address).status_code == 404
    assert "cannot be undone" in as_amy.get(address).content.decode()
    assert ToldMood.objects.count() == 2
    as_amy.post(address)
    assert list(ToldMood.objects.all()) == [stays]


def test_a_noted_mood_that_was_deleted_does_not_come_back_with_a_backup(amy, as_amy):
    mood = noted(amy, timezone.now())
    as_amy.post(reverse("told_mood_delete", args=[mood.public_id]))
    mood.save(force_insert=True)
    erasures_replay()
    assert not ToldMood.objects.exists()
