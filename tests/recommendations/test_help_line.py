"""When the quiet line appears, what it names, and that it can be switched off."""

from __future__ import annotations

import datetime
import itertools
import re

import pytest
from django.core.checks import run_checks
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from emotion.models import EmotionReading
from emotion.services import reading_correct
from ml.types import EMOTIONS, Emotion
from privacy.services import sensitive_use_limit
from recommendations import company, services
from recommendations.helplines import DIRECTORY, helpline, helplines
from recommendations.persistence import LATEST_DAYS, LOW, LOW_DAYS, WINDOW_DAYS, Noted, low_for_days
from tests.factories import ReadingFactory
from tests.support.never_said import offending

TODAY = datetime.date(2026, 11, 22)


def noted(*days, emotion=Emotion.SADNESS, counts=True):
    return [Noted(TODAY - datetime.timedelta(days=ago), emotion, counts) for ago in days]


def test_five_low_days_of_the_latest_seven_are_enough_and_four_are_not():
    assert low_for_days(noted(0, 1, 2, 3, 4), TODAY)
    assert not low_for_days(noted(0, 1, 2, 3), TODAY)
    assert low_for_days([*noted(0, 2, 4, 5, 6), *noted(1, 3, emotion=Emotion.HAPPINESS)], TODAY)
    assert not low_for_days([*noted(2, 4, 5, 6), *noted(0, 1, 3, emotion=Emotion.HAPPINESS)], TODAY)


def test_days_without_a_reading_are_passed_over_within_the_window():
    assert low_for_days(noted(0, 3, 6, 9, 12), TODAY)
    assert not low_for_days(noted(0, 3, 6, 9, WINDOW_DAYS), TODAY)


def test_seven_newer_days_push_older_ones_out():
    good = noted(0, 1, 2, emotion=Emotion.NEUTRAL)
    assert not low_for_days([*good, *noted(3, 4, 5, 6, 7, 8, 9)], TODAY)


def test_a_day_is_low_when_half_of_what_counts_is():
    mixed = [*noted(0, 1, 2, 3, 4), *noted(0, 1, 2, 3, 4, emotion=Emotion.HAPPINESS)]
    assert low_for_days(mixed, TODAY)
    assert not low_for_days([*mixed, *noted(0, emotion=Emotion.HAPPINESS)], TODAY)


def test_unsure_readings_count_for_nothing_but_their_day():
    assert not low_for_days(noted(0, 1, 2, 3, 4, counts=False), TODAY)
    assert low_for_days([*noted(0, 1, 2, 3, 4), *noted(0, 5, emotion=Emotion.HAPPINESS, counts=False)], TODAY)


@given(st.lists(st.builds(Noted, st.dates(TODAY - datetime.timedelta(days=20), TODAY), st.sampled_from(EMOTIONS))))
def test_without_five_days_on_which_something_low_counts_nothing_is_said(readings):
    days = {reading.day for reading in readings if reading.counts and reading.emotion in LOW}
    if len(days) < LOW_DAYS:
        assert not low_for_days(readings, TODAY)


def test_the_rule_is_the_one_that_is_written_down():
    assert (7, 5, 14, {Emotion.SADNESS, Emotion.FEAR}) == (LATEST_DAYS, LOW_DAYS, WINDOW_DAYS, LOW)


def test_every_line_has_an_organisation_a_number_and_its_own_secure_site():
    assert len(helplines()) >= 15
    for country, line in helplines().items():
        assert re.fullmatch("[A-Z]{2}", country)
        assert line.organisation
        assert re.fullmatch(r"[0-9][0-9 ]+", line.number)
        assert line.site.startswith("https://")


def test_a_country_without_a_line_gets_the_directory_instead_of_a_guess():
    assert helpline("GB").number == "116 123"
    assert helpline("XX") == helpline("") == DIRECTORY
    assert (DIRECTORY.number, DIRECTORY.host) == ("", "findahelpline.com")


@pytest.mark.parametrize(("country", "bad"), [("", False), ("DE", False), ("Germany", True), ("D3", True)])
def test_a_country_that_is_no_code_is_told_at_start(settings, country, bad):
    settings.COUNTRY = country
    assert any(found.id == "mood_music.E010" for found in run_checks()) is bad


def low_days(user, number, emotion="sadness", **reading):
    """Make one reading for each of the latest days; return the newest."""
    made = [ReadingFactory(capture__user=user, emotion=emotion, **reading) for _ in range(number)]
    for ago, each in enumerate(reversed(made)):
        moment = timezone.now() - datetime.timedelta(days=ago)
        EmotionReading.objects.filter(pk=each.pk).update(created_at=moment)
    services.set_build(reading_id=made[-1].pk)
    return made[-1]


def page(client, reading):
    return client.get(reading.capture.get_absolute_url()).content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("catalogue")
class TestPages:
    def test_the_line_is_there_after_five_low_days_and_names_the_country_s_own(self, as_amy, amy, settings):
        settings.COUNTRY = "GB"
        reading = low_days(amy, 5)
        shown = page(as_amy, reading)
        assert "Samaritans" in shown
        assert "116 123" in shown
        assert offending(re.findall(r"<p>(Several of your latest.*?)</p>", shown)) == set()
        settings.COUNTRY = ""
        assert "findahelpline.com" in page(as_amy, reading)

    def test_it_is_not_there_after_four_nor_for_guesses_nor_for_somebody_else(self, as_amy, amy, bob):
        low_days(bob, 7)
        assert company.help_line(user=bob) is not None
        assert company.help_line(user=amy) is None
        assert "help-line" not in page(as_amy, low_days(amy, 4))
        EmotionReading.objects.for_user(amy).delete()
        assert "help-line" not in page(as_amy, low_days(amy, 7, sure=False))

    def test_the_persons_own_word_counts_more_than_a_reading(self, amy):
        low_days(amy, 7)
        for reading in EmotionReading.objects.for_user(amy):
            reading_correct(reading=reading, emotion="neutral")
        assert company.help_line(user=amy) is None

    def test_whoever_limits_the_use_of_her_moods_is_not_watched_for_low_days(self, amy):
        low_days(amy, 7)
        assert company.help_line(user=amy) is not None
        sensitive_use_limit(user=amy, limited=True)
        assert company.help_line(user=amy) is None

    def test_both_kinds_of_words_can_be_switched_off(self, as_amy, amy):
        reading = low_days(amy, 5)
        assert 'class="companion"' in page(as_amy, reading)
        as_amy.post(reverse("preferences"), {"allow_explicit": "on"})
        shown = page(as_amy, reading)
        assert 'class="companion"' not in shown
        assert "help-line" not in shown
        as_amy.post(reverse("preferences"), {"companion": "on", "help_line": "on"})
        shown = page(as_amy, reading)
        assert 'class="companion"' in shown
        assert "help-line" in shown

    def test_words_of_two_readings_in_a_row_differ_and_stay_as_they_are(self, as_amy, amy):
        said = []
        for _ in range(4):
            reading = ReadingFactory(capture__user=amy, emotion="neutral")
            services.set_build(reading_id=reading.pk)
            found = [re.search(r'class="companion"[^>]*>([^<]+)', page(as_amy, reading))[1] for _ in range(2)]
            assert found[0] == found[1]
            said.append(found[0])
        assert all(a != b for a, b in itertools.pairwise(said))

    def test_a_session_speaks_at_its_start_on_its_way_and_at_its_end(self, as_amy, amy):
        from recommendations.sessions import session_end, session_start, track_finish

        reading = ReadingFactory(capture__user=amy, emotion="sadness")
        services.set_build(reading_id=reading.pk)
        session = session_start(user=amy, reading=reading)
        said = []
        for act in (
            lambda: None,
            lambda: track_finish(session=session, rank=1, state="done"),
            lambda: session_end(session=session),
        ):
            act()
            shown = as_amy.get(session.get_absolute_url()).content.decode()
            said.append(re.search(r'class="companion"[^>]*>([^<]+)', shown)[1])
        assert len(set(said)) == 3
