import datetime

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from emotion.models import Capture
from mood_music.errors import UserError
from privacy.models import AuditEvent, PrivacyPreference
from recommendations import ratings
from recommendations.catalogue import STARTER
from recommendations.catalogue_cache import catalogue_load
from recommendations.catalogue_imports import catalogue_import
from recommendations.models import RatingChange, RatingProposal, Track, TrackFeedback
from recommendations.tasks import rating_proposals_compute
from tests.factories import ReadingFactory, UserFactory
from tests.support.staff import staff_log_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


@pytest.fixture
def track():
    return Track.objects.filter(valence__range=(0.45, 0.55), arousal__range=(0.45, 0.55)).first()


@pytest.fixture
def admin_user():
    return UserFactory(email="admin@example.org", is_staff=True, is_superuser=True)


def spoken(track, people, kind="like", valence=0.9, arousal=0.5):
    return [
        TrackFeedback.objects.create(
            user=reading.user, reading=reading, track=track, kind=kind, valence=valence, arousal=arousal
        )
        for reading in (ReadingFactory() for _ in range(people))
    ]


def proposed(track, people=12):
    spoken(track, people)
    rating_proposals_compute()
    return RatingProposal.objects.get(status="open")


def test_ten_people_make_a_proposal_and_nine_do_not(track):
    spoken(track, 9)
    assert ratings.proposals_compute() == 0
    spoken(track, 1)
    assert ratings.proposals_compute() == 1
    found = RatingProposal.objects.get()
    assert (found.track, found.listeners, found.wrong_mood_percent, found.status) == (track, 10, 0, "open")
    assert track.valence < found.valence <= track.valence + 0.1
    track.refresh_from_db()
    assert found.old_valence == track.valence


def test_the_database_itself_refuses_a_proposal_of_a_few(track):
    found = proposed(track)
    with pytest.raises(IntegrityError), transaction.atomic():
        RatingProposal.objects.filter(pk=found.pk).update(listeners=9)


@pytest.mark.parametrize("kind", ["skip", "dislike"])
def test_taste_moves_no_track(track, kind):
    spoken(track, 15, kind=kind)
    assert ratings.proposals_compute() == 0


def test_who_keeps_no_history_or_limits_the_use_of_her_moods_is_not_counted(track):
    said = spoken(track, 11)
    PrivacyPreference.objects.create(user=said[0].user, limit_sensitive=True)
    assert ratings.proposals_compute() == 1
    Capture.objects.filter(pk=said[1].reading.capture_id).update(
        expires_at=timezone.now() + datetime.timedelta(minutes=9)
    )
    assert ratings.proposals_compute() == 0
    assert not RatingProposal.objects.exists()


def test_a_nightly_run_renews_the_open_proposal_and_withdraws_what_no_longer_holds(track):
    found = proposed(track)
    spoken(track, 10, kind="not_this_mood", valence=0.1)
    ratings.proposals_compute()
    renewed = RatingProposal.objects.get()
    assert (renewed.pk, renewed.listeners) == (found.pk, 22)
    assert renewed.wrong_mood_percent == 50
    TrackFeedback.objects.all().delete()
    assert ratings.proposals_compute() == 0
    assert not RatingProposal.objects.exists()


def test_accepting_moves_the_track_and_writes_it_down_once(track, admin_user):
    found = proposed(track)
    before = (track.valence, track.arousal, track.rated_by)
    change = ratings.proposal_accept(proposal=found, by=admin_user)
    track.refresh_from_db()
    assert (track.valence, track.arousal, track.rated_by) == (found.valence, found.arousal, "listeners")
    assert (change.old_valence, change.old_arousal, change.old_rated_by) == before
    assert (change.new_valence, change.new_arousal) == (found.valence, found.arousal)
    assert AuditEvent.objects.get(kind="rating_accepted").detail == {"proposal": found.pk, "track": track.pk}
    position = catalogue_load().with_keys([track.pk])[0]
    assert catalogue_load().tracks[position].valence == track.valence
    with pytest.raises(UserError, match="proposal_stale"):
        ratings.proposal_accept(proposal=found, by=admin_user)
    assert RatingChange.objects.count() == 1


def test_what_was_said_before_a_decision_is_not_counted_again(track, admin_user):
    found = proposed(track)
    ratings.proposal_reject(proposal=found, by=admin_user)
    assert ratings.proposals_compute() == 0
    with pytest.raises(UserError, match="proposal_decided"):
        ratings.proposal_reject(proposal=found, by=admin_user)
    spoken(track, 10)
    assert ratings.proposals_compute() == 1


def test_a_proposal_about_a_rating_that_no_longer_holds_is_refused(track, admin_user):
    found = proposed(track)
    Track.objects.filter(pk=track.pk).update(valence=0.51234)
    with pytest.raises(UserError, match="proposal_stale"):
        ratings.proposal_accept(proposal=found, by=admin_user)
    found.refresh_from_db()
    assert found.status == "open"


def test_a_change_cannot_be_changed(track, admin_user):
    change = ratings.proposal_accept(proposal=proposed(track), by=admin_user)
    change.new_valence = 0.9
    with pytest.raises(TypeError):
        change.save()


def test_an_import_leaves_what_people_corrected_and_updates_the_rest(track, admin_user):
    found = proposed(track)
    ratings.proposal_accept(proposal=found, by=admin_user)
    Track.objects.filter(pk=track.pk).update(year=1901)
    assert catalogue_import(path=STARTER).updated == 1
    track.refresh_from_db()
    assert (track.valence, track.rated_by) == (found.valence, "listeners")
    assert track.year != 1901


def test_an_administrator_accepts_and_rejects_in_a_list_that_names_nobody(client, admin_user, track):
    other = Track.objects.exclude(pk=track.pk).filter(valence__range=(0.4, 0.6)).first()
    said = spoken(track, 12) + spoken(other, 12)
    ratings.proposals_compute()
    staff_log_in(client, admin_user)
    page = reverse("admin:recommendations_ratingproposal_changelist")
    shown = client.get(page).content.decode()
    assert track.title in shown
    assert not any(each.user.email in shown for each in said)
    first, second = RatingProposal.objects.filter(track=track).get(), RatingProposal.objects.filter(track=other).get()
    client.post(page, {"action": "accept", "_selected_action": [first.pk]})
    client.post(page, {"action": "reject", "_selected_action": [first.pk, second.pk]})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("accepted", "rejected")
    assert client.get(reverse("admin:recommendations_ratingchange_changelist")).status_code == 200


def test_staff_without_the_right_decide_nothing(client, track):
    from django.contrib.auth.models import Permission

    found = proposed(track)
    viewer = UserFactory(email="viewer@example.org", is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_ratingproposal"))
    staff_log_in(client, viewer)
    page = reverse("admin:recommendations_ratingproposal_changelist")
    assert client.get(page).status_code == 200
    client.post(page, {"action": "accept", "_selected_action": [found.pk]})
    found.refresh_from_db()
    assert found.status == "open"
