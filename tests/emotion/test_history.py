import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from emotion import selectors
from emotion.models import Capture, EmotionReading
from mood_music.errors import UserError
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
        seen += [reading.pk for reading in page.readings]
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
    assert len({r.pk for r in first.readings + second.readings}) == 5


def test_the_emotion_filter_follows_the_persons_own_word(amy):
    corrected = ReadingFactory(capture__user=amy, emotion="anger", corrected_emotion="sadness")
    ReadingFactory(capture__user=amy, emotion="anger")
    assert selectors.history_page(user=amy, emotion="sadness").readings == [corrected]
    assert len(selectors.history_page(user=amy, emotion="anger").readings) == 1


def test_dates_include_both_ends(amy):
    readings = [on_day(ReadingFactory(capture__user=amy), n) for n in range(4)]
    today = timezone.localdate()
    page = selectors.history_page(
        user=amy, since=today - datetime.timedelta(days=2), until=today - datetime.timedelta(days=1)
    )
    assert page.readings == [readings[1], readings[2]]


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
    assert answer.context["readings"] == []
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
