"""The drift page and its alert: sums over at least ten people, told to those who may act."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from emotion.drift import selectors
from emotion.drift.services import drift_alert_close, drift_check
from emotion.models import Capture, DriftAlert, EmotionReading
from mood_music.errors import UserError
from privacy.models import AuditEvent, PrivacyPreference
from tests.factories import ReadingFactory, UserFactory
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
PAGE = "admin:emotion_driftalert_changelist"


def people(number):
    return [UserFactory(consents=()) for _ in range(number)]


def read(persons, *, days_ago, version="v-1", corrected=0, times=1, **fields):
    """Let each person read so many times that day; the first `corrected` readings get another word."""
    when = timezone.now() - datetime.timedelta(days=days_ago, hours=1)
    made = [ReadingFactory(capture__user=p, model_version=version, **fields) for p in persons for _ in range(times)]
    for number, reading in enumerate(made):
        words = {"corrected_emotion": "sadness", "corrected_at": when} if number < corrected else {}
        EmotionReading.objects.filter(pk=reading.pk).update(created_at=when, **words)
    return made


def risen(version="v-1", persons=None):
    """Let corrections of a version rise from one in ten to one in two."""
    persons = persons or people(10)
    read(persons, days_ago=14, times=6, corrected=6, version=version)
    read(persons, days_ago=2, times=6, corrected=30, version=version)
    return persons


def test_figures_are_told_of_each_version_from_ten_people_on():
    ten = people(10)
    read(ten, days_ago=1, times=2, corrected=5)
    read(ten[:9], days_ago=1, times=5, version="v-2")
    [cell] = selectors.drift_cells(weekly=False)
    assert (cell.version, cell.readings, cell.corrected, cell.unsure, cell.confidence) == ("v-1", 20, 0.25, 0, 0.86)


def test_counts_are_rounded_and_a_not_sure_reading_counts():
    read(people(10), days_ago=1, times=1, sure=False, confidence=0.3)
    read(people(7), days_ago=1)
    [cell] = selectors.drift_cells(weekly=False)
    assert (cell.readings, cell.unsure) == (10, 0.59)


def test_days_make_weeks_and_a_week_may_have_what_no_day_has():
    ten = people(10)
    monday = timezone.localdate() - datetime.timedelta(days=timezone.localdate().weekday() + 7)
    for day, some in ((0, ten[:5]), (1, ten[5:])):
        ago = (timezone.localdate() - monday).days - day
        made = read(some, days_ago=0)
        when = timezone.now() - datetime.timedelta(days=ago)
        EmotionReading.objects.filter(pk__in=[each.pk for each in made]).update(created_at=when)
    assert selectors.drift_cells(weekly=False) == []
    [week] = selectors.drift_cells(weekly=True)
    assert (week.start, week.readings) == (monday, 10)


def test_who_limits_her_data_and_what_nobody_keeps_is_in_no_figure():
    ten = people(10)
    made = read(ten, days_ago=1)
    assert selectors.drift_cells(weekly=False)
    limited = PrivacyPreference.objects.create(user=ten[0], limit_sensitive=True)
    assert selectors.drift_cells(weekly=False) == []
    limited.delete()
    Capture.objects.filter(pk=made[1].capture_id).update(expires_at=timezone.now())
    assert selectors.drift_cells(weekly=False) == []


def test_a_confirmed_reading_is_not_a_corrected_one():
    made = read(people(10), days_ago=1)
    EmotionReading.objects.filter(pk=made[0].pk).update(corrected_emotion=made[0].dominant)
    assert selectors.drift_cells(weekly=False)[0].corrected == 0


def test_the_charts_reach_from_a_monday_to_today():
    read(people(10), days_ago=0)
    for weekly in (True, False):
        charts = selectors.drift_charts(weekly=weekly)
        assert len(charts) == 4
        assert charts[0].rows[-1][1] == ["10"]
        assert {len(chart.rows) for chart in charts} == {len(charts[0].rows)}


def test_more_versions_than_can_be_told_apart_leave_the_latest():
    ten = people(10)
    for number in range(8):
        read(ten, days_ago=30 - number, version=f"v-{number}")
    labels = [line.label for line in selectors.drift_charts(weekly=False)[0].lines]
    assert labels == [f"v-{number}" for number in range(2, 8)]


def test_a_rise_opens_one_alert_logs_it_and_tells_those_who_may_promote(caplog):
    chief = UserFactory(email="chief@example.org", is_staff=True, is_superuser=True)
    promoter = UserFactory(email="promoter@example.org", is_staff=True)
    promoter.user_permissions.add(Permission.objects.get(codename="promote_modelversion"))
    UserFactory(email="helper@example.org", is_staff=True)
    UserFactory(email="no.longer@example.org", is_superuser=True)
    risen()
    [alert] = drift_check()
    assert (alert.before_rate, alert.before_count, alert.recent_rate, alert.recent_count) == (0.1, 60, 0.5, 60)
    assert [letter.to for letter in mail.outbox] == [[chief.email], [promoter.email]]
    assert "v-1: 50 % of 60" in mail.outbox[0].body
    assert "drift_alert_opened" in caplog.text
    assert drift_check() == []
    assert DriftAlert.objects.count() == 1
    assert len(mail.outbox) == 2


def test_only_the_version_that_got_worse_is_named():
    ten = risen("v-bad")
    read(ten, days_ago=14, times=6, corrected=6, version="v-good")
    read(ten, days_ago=2, times=6, corrected=6, version="v-good")
    assert [alert.version for alert in drift_check()] == ["v-bad"]


def test_what_fewer_than_ten_people_said_opens_nothing():
    nine = people(9)
    read(nine, days_ago=14, times=10, corrected=0)
    read(nine, days_ago=2, times=10, corrected=90)
    assert drift_check() == []


def test_a_mail_that_cannot_be_sent_takes_no_alert_back(settings, caplog):
    UserFactory(is_staff=True, is_superuser=True)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    risen()
    assert len(drift_check()) == 1
    assert DriftAlert.objects.count() == 1
    assert "drift_mail_failed" in caplog.text


def test_a_closed_alert_is_not_opened_again_by_the_same_days():
    chief = UserFactory(is_staff=True, is_superuser=True)
    persons = risen()
    [alert] = drift_check()
    drift_alert_close(alert_id=alert.pk, actor=chief)
    assert drift_check() == []
    DriftAlert.objects.update(closed_at=timezone.now() - datetime.timedelta(days=8))
    assert len(drift_check()) == 1
    assert len(persons) == 10


def test_closing_is_audited_and_happens_once():
    chief = UserFactory(is_staff=True, is_superuser=True)
    risen()
    [alert] = drift_check()
    drift_alert_close(alert_id=alert.pk, actor=chief)
    alert.refresh_from_db()
    assert alert.closed_by == chief
    assert AuditEvent.objects.filter(kind="drift_alert_closed", detail={"alert": alert.pk}).count() == 1
    with pytest.raises(UserError, match="alert_closed"):
        drift_alert_close(alert_id=alert.pk, actor=chief)


def test_the_page_shows_alerts_and_charts_and_closes_an_alert(admin_client):
    risen()
    drift_check()
    alert = DriftAlert.objects.get()
    page = admin_client.get(reverse(PAGE)).content.decode()
    assert "People correct v-1 more often" in page
    assert "50 % of 60" in page
    assert page.count("chart__drawing") == 4
    assert "By day" in page
    assert admin_client.get(reverse(PAGE), {"by": "day"}).status_code == 200
    close = reverse("admin:emotion_driftalert_close", args=[alert.pk])
    assert admin_client.get(close).status_code == 405
    shown = admin_client.post(close, follow=True).content.decode()
    assert "The alert is closed." in shown
    assert "Closed alerts" in shown
    assert "closed already" in admin_client.post(close, follow=True).content.decode()


def test_an_empty_site_says_so(admin_client):
    page = admin_client.get(reverse(PAGE)).content.decode()
    assert "No open alert" in page
    assert page.count("Too few people for any figure.") == 4


def test_whoever_may_see_versions_sees_the_page_and_closes_nothing(client):
    viewer = UserFactory(is_staff=True)
    staff_log_in(client, viewer)
    assert client.get(reverse(PAGE)).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="view_modelversion"))
    risen()
    [alert] = drift_check()
    page = client.get(reverse(PAGE))
    assert page.status_code == 200
    assert "Close this alert" not in page.content.decode()
    assert client.post(reverse("admin:emotion_driftalert_close", args=[alert.pk])).status_code == 403
    alert.refresh_from_db()
    assert alert.is_open


def test_the_page_names_nobody(admin_client):
    persons = risen()
    page = admin_client.get(reverse(PAGE)).content.decode()
    assert not any(person.email in page or str(person.public_id) in page for person in persons)


def test_the_front_page_leads_to_drift(admin_client):
    assert reverse(PAGE) in admin_client.get(reverse("admin:index")).content.decode()
    assert reverse(PAGE) not in staff_log_in(Client(), UserFactory(is_staff=True)).get("/admin/").content.decode()
