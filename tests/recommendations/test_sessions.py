"""What a listening session does, whoever presses what and how often."""

import datetime
import itertools
import math

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from emotion.models import Capture
from emotion.services import captures_delete, captures_expire, reading_correct
from ml.types import Emotion
from mood_music.errors import UserError
from privacy.purposes import Purpose
from privacy.services import consent_record, sensitive_use_limit
from recommendations import selectors as sets
from recommendations import services, sessions
from recommendations import session_selectors as selectors
from recommendations.circumplex import CALM, GOALS, LIFTED, LONGEST_STEP, Mode
from recommendations.models import (
    ListenerPreferences,
    ListeningSession,
    RecommendationSet,
    SessionMood,
    SessionTrack,
    TrackFeedback,
)
from recommendations.replanning import WAY_OUT_AFTER
from recommendations.sessions import MORE
from tests.factories import CaptureFactory, ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
State = SessionTrack.State


def begun(user, emotion="sadness", mode=""):
    reading = ReadingFactory(capture__user=user, emotion=emotion, capture__mode=mode)
    services.set_build(reading_id=reading.pk)
    return sessions.session_start(user=user, reading=reading)


def step(session, times=1, state=State.DONE):
    for _ in range(times):
        playing = session.tracks.get(state=State.PLAYING)
        sessions.track_finish(session=session, rank=playing.rank, state=state)


def to_the_end(session):
    while session.tracks.filter(state=State.PLAYING).exists():
        step(session)


def targets(session, first=1):
    rows = session.tracks.filter(rank__gte=first).order_by("rank")
    return [(row.target_valence, row.target_arousal) for row in rows]


def test_a_session_takes_the_music_that_was_shown_and_plays_its_first_track(amy):
    session = begun(amy)
    shown = RecommendationSet.objects.get().recommendations.values_list("rank", "track_id", "reason")
    assert list(session.tracks.values_list("rank", "track_id", "reason")) == list(shown)
    assert [row.state for row in session.tracks.all()] == [State.PLAYING] + [State.PLANNED] * 7
    assert targets(session)[-1] == GOALS[Emotion.SADNESS]
    before = session.moods.get()
    assert (before.moment, before.said, before.heard) == ("before", "reading", 0)


def test_a_path_with_more_points_than_the_set_has_tracks_still_ends_at_its_goal(amy, settings):
    settings.RECOMMENDATIONS_PER_SET = 2
    session = begun(amy, "anger")
    assert session.tracks.count() > 2
    points = targets(session)
    assert points[-1] == CALM
    assert all(math.dist(a, b) <= LONGEST_STEP + 1e-9 for a, b in itertools.pairwise(points))


def test_starting_twice_gives_one_session_and_starting_elsewhere_ends_it(amy):
    session = begun(amy)
    assert sessions.session_start(user=amy, reading=session.first_reading) == session
    other = begun(amy, "happiness")
    session.refresh_from_db()
    assert (session.status, other.status) == ("ended", "active")
    assert session.ended_at is not None
    assert selectors.active_session(user=amy) == other


def test_two_active_sessions_of_one_person_cannot_be_stored(amy, bob):
    session = begun(amy)
    begun(bob)
    session.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        ListeningSession.objects.bulk_create([session])


def test_there_is_nothing_to_listen_to_before_the_music_is_chosen(amy):
    with pytest.raises(UserError, match="no_music_yet"):
        sessions.session_start(user=amy, reading=ReadingFactory(capture__user=amy))


def test_next_sent_twice_moves_one_track(amy):
    session = begun(amy)
    for _ in range(3):
        sessions.track_finish(session=session, rank=1, state=State.DONE)
    sessions.track_finish(session=session, rank=2, state=State.SKIPPED)
    assert [row.state for row in session.tracks.all()][:4] == [State.DONE, State.SKIPPED, State.PLAYING, State.PLANNED]
    assert selectors.standing(session=session).heard == 1


@pytest.mark.parametrize("state", [State.DONE, State.SKIPPED])
def test_a_path_ends_after_its_last_track_and_asks(amy, state):
    session = begun(amy)
    step(session, 8, state)
    standing = selectors.standing(session=session)
    assert standing.current is None
    assert standing.asks
    sessions.track_finish(session=session, rank=8, state=state)
    assert selectors.standing(session=session).passed == 8


@pytest.mark.parametrize("mode", Mode)
def test_a_change_of_mode_plans_the_rest_anew_and_leaves_what_was_heard(amy, mode):
    session = begun(amy, "anger", mode="match" if mode is not Mode.MATCH else "shift")
    step(session, 3)
    kept = list(session.tracks.filter(rank__lte=4).values_list("rank", "track_id", "state"))
    for _ in range(2):
        sessions.session_mode_set(session=session, mode=mode)
    session.refresh_from_db()
    assert session.mode == mode
    assert list(session.tracks.filter(rank__lte=4).values_list("rank", "track_id", "state")) == kept
    rest = session.tracks.filter(rank__gt=4)
    assert rest.count() >= 4
    assert not rest.exclude(mode=mode).exists()
    if mode is Mode.SHIFT:
        points = targets(session, 4)
        assert points[-1] == (session.goal_valence, session.goal_arousal) == CALM
        assert all(math.dist(a, b) <= LONGEST_STEP + 1e-9 for a, b in itertools.pairwise(points))
    if mode is Mode.LIFT:
        assert set(targets(session, 5)) == {LIFTED}
    if mode is Mode.MATCH:
        before = session.moods.get()
        assert set(targets(session, 5)) == {(before.valence, before.arousal)}


def test_what_is_kept_is_the_place_that_the_music_has_reached(amy):
    session = begun(amy, "sadness")
    step(session, 5)
    reached = targets(session)[5]
    sessions.session_mode_set(session=session, mode="keep")
    assert set(targets(session, 7)) == {reached}
    assert not session.tracks.filter(rank__gt=6, reason__icontains="low mood").exists()


def test_after_the_end_of_a_path_a_mode_adds_a_few_tracks(amy):
    session = begun(amy)
    to_the_end(session)
    sessions.session_mode_set(session=session, mode="shift")
    assert session.tracks.count() == 8 + MORE
    assert session.tracks.get(state=State.PLAYING).rank == 9


def test_a_skip_and_a_word_are_remembered_with_the_point_that_the_track_answered(amy):
    session = begun(amy, "sadness")
    first = session.tracks.get(rank=1)
    step(session, state=State.SKIPPED)
    for _ in range(2):
        sessions.session_word_set(session=session, rank=2, kind="like", given=True)
    said = TrackFeedback.objects.order_by("pk")
    assert [(each.kind, each.user, each.reading) for each in said] == [
        ("skip", amy, session.reading),
        ("like", amy, session.reading),
    ]
    assert (said[0].valence, said[0].arousal) == (first.target_valence, first.target_arousal)
    sessions.session_word_set(session=session, rank=2, kind="like", given=False)
    assert [each.kind for each in TrackFeedback.objects.all()] == ["skip"]


def test_a_word_changes_what_lies_ahead_and_not_the_path(amy):
    session = begun(amy, "sadness")
    way = targets(session)
    before = list(session.tracks.values_list("track_id", flat=True))
    sessions.session_word_set(session=session, rank=1, kind="more", given=True)
    after = list(session.tracks.values_list("track_id", flat=True))
    assert after[0] == before[0]
    assert after[1:] != before[1:]
    assert [pytest.approx(point) for point in way] == targets(session)
    assert session.tracks.filter(rank__gt=1, reason__contains="Because you").exists()


def test_a_word_that_is_none_or_about_a_track_that_is_gone_is_refused(amy):
    session = begun(amy)
    with pytest.raises(UserError, match="unknown_feedback"):
        sessions.session_word_set(session=session, rank=1, kind="meh", given=True)
    with pytest.raises(UserError, match="session_moved_on"):
        sessions.session_word_set(session=session, rank=99, kind="like", given=True)


def test_a_mode_that_is_none_is_refused(amy):
    with pytest.raises(UserError, match="unknown_mode"):
        sessions.session_mode_set(session=begun(amy), mode="sleep")


def test_asked_after_enough_tracks_and_not_again_until_as_many_more(amy, settings):
    settings.SESSION_ASK_AFTER = 3
    session = begun(amy)
    asked = []
    for _ in range(7):
        step(session)
        asked.append(selectors.standing(session=session).asks)
        if asked[-1]:
            sessions.mood_tell(session=session, moment="after", valence_step=4, arousal_step=3)
    assert asked == [False, False, True, False, False, True, False]
    assert selectors.standing(session=session).after.heard == 6


def test_two_taps_before_and_after_are_stored_once_and_end_a_finished_session(amy):
    session = begun(amy)
    for _ in range(2):
        sessions.mood_tell(session=session, moment="before", valence_step=2, arousal_step=2)
    to_the_end(session)
    for _ in range(2):
        sessions.mood_tell(session=session, moment="after", valence_step=4, arousal_step=3)
    session.refresh_from_db()
    assert session.status == "ended"
    assert [(m.moment, m.said, m.reading_id) for m in session.moods.all()] == [
        ("before", "taps", None),
        ("after", "taps", None),
    ]
    found = selectors.standing(session=session).change
    assert (found.valence, found.arousal) == pytest.approx((0.4, 0.2))
    assert found.alike


def test_how_it_began_can_only_be_said_at_the_beginning(amy):
    session = begun(amy)
    step(session)
    with pytest.raises(UserError, match="session_moved_on"):
        sessions.mood_tell(session=session, moment="before", valence_step=2, arousal_step=2)
    with pytest.raises(UserError, match="unknown_step"):
        sessions.mood_tell(session=session, moment="after", valence_step=9, arousal_step=2)
    assert session.moods.count() == 1


def test_a_new_reading_leads_the_rest_of_the_path_and_is_noted_once(amy):
    session = begun(amy, "anger")
    step(session, 2)
    capture = CaptureFactory(user=amy, status="done")
    sessions.capture_await(session=session, capture=capture)
    session.refresh_from_db()
    assert selectors.reading_awaited(session=session) == capture
    reading = ReadingFactory(capture=capture, user=amy, emotion="sadness")
    for _ in range(3):
        services.set_build(reading_id=reading.pk)
        sessions.reading_take(reading=reading)
    session.refresh_from_db()
    assert (session.reading, session.mode) == (reading, "shift")
    assert selectors.reading_awaited(session=session) is None
    points = targets(session, 4)
    noted = session.moods.get(moment="after")
    assert points[0] == (noted.valence, noted.arousal)
    assert points[-1] == GOALS[Emotion.SADNESS]
    assert session.tracks.get(state=State.PLAYING).rank == 3


def test_a_reading_that_was_there_before_the_session_waited_for_it_is_taken_all_the_same(amy):
    session = begun(amy, "sadness")
    reading = ReadingFactory(capture__user=amy, emotion="fear")
    services.set_build(reading_id=reading.pk)
    sessions.capture_await(session=session, capture=reading.capture)
    session.refresh_from_db()
    assert session.reading == reading
    assert selectors.reading_awaited(session=session) is None


def test_a_shift_that_finds_a_good_mood_keeps_it(amy):
    session = begun(amy, "sadness")
    capture = CaptureFactory(user=amy, status="done")
    sessions.capture_await(session=session, capture=capture)
    services.set_build(reading_id=ReadingFactory(capture=capture, user=amy, emotion="happiness").pk)
    session.refresh_from_db()
    assert session.mode == "keep"


def test_a_reading_at_the_end_of_the_path_is_the_answer_and_ends_the_session(amy):
    session = begun(amy, "sadness")
    to_the_end(session)
    capture = CaptureFactory(user=amy, status="done")
    sessions.capture_await(session=session, capture=capture)
    services.set_build(reading_id=ReadingFactory(capture=capture, user=amy, emotion="happiness").pk)
    session.refresh_from_db()
    assert session.status == "ended"
    assert selectors.standing(session=session).change.valence > 0.3


def test_a_correction_changes_what_was_noted_and_where_the_path_leads(amy, django_capture_on_commit_callbacks):
    session = begun(amy, "sadness")
    step(session, 2)
    with django_capture_on_commit_callbacks(execute=True):
        reading_correct(reading=session.first_reading, emotion="anger")
    session.refresh_from_db()
    assert session.moods.get().said == "word"
    assert targets(session)[-1] == (session.goal_valence, session.goal_arousal) == CALM
    assert session.tracks.get(state=State.PLAYING).rank == 3


def test_a_low_mood_is_offered_a_way_out_of_match_after_a_few_tracks(amy):
    session = begun(amy, "sadness", mode="match")
    offered = []
    for _ in range(WAY_OUT_AFTER):
        offered.append(selectors.standing(session=session).offers_way_out)
        step(session, state=State.SKIPPED if offered[1:] else State.DONE)
    assert not any(offered)
    assert selectors.standing(session=session).offers_way_out
    sessions.session_mode_set(session=session, mode="shift")
    session.refresh_from_db()
    assert not selectors.standing(session=session).offers_way_out


def test_an_ended_session_changes_no_more(amy):
    session = begun(amy)
    step(session, 2)
    sessions.session_end(session=session)
    sessions.session_end(session=session)
    before = [list(m.objects.values()) for m in (ListeningSession, SessionTrack, SessionMood)]
    sessions.track_finish(session=session, rank=3, state=State.SKIPPED)
    sessions.session_mode_set(session=session, mode="lift")
    sessions.mood_tell(session=session, moment="after", valence_step=5, arousal_step=5)
    assert [list(m.objects.values()) for m in (ListeningSession, SessionTrack, SessionMood)] == before
    assert not session.tracks.filter(state__in=[State.PLANNED, State.PLAYING]).exists()


def test_a_session_goes_with_its_reading_and_leaves_nothing_of_a_later_one_that_goes(amy):
    session = begun(amy)
    readings = []
    for emotion in ("anger", "fear"):
        capture = CaptureFactory(user=amy, status="done")
        sessions.capture_await(session=session, capture=capture)
        readings.append(ReadingFactory(capture=capture, user=amy, emotion=emotion))
        services.set_build(reading_id=readings[-1].pk)
        step(session)
        session.refresh_from_db()
    captures_delete(captures=Capture.objects.filter(pk=readings[0].capture_id))
    assert not session.tracks.filter(reading_id=readings[0].pk).exists()
    assert not session.moods.filter(reading_id=readings[0].pk).exists()
    assert ListeningSession.objects.exists()
    captures_delete(captures=Capture.objects.filter(pk=session.first_reading.capture_id))
    assert not ListeningSession.objects.exists()
    assert not SessionTrack.objects.exists()
    assert not SessionMood.objects.exists()


def test_without_consent_to_a_history_a_session_expires_with_its_capture(amy):
    session = begun(amy)
    Capture.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    captures_expire()
    assert not ListeningSession.objects.filter(pk=session.pk).exists()


def test_withdrawing_the_history_deletes_every_session(amy, bob):
    begun(amy)
    theirs = begun(bob)
    consent_record(user=amy, purpose=Purpose.STORE_HISTORY, granted=False, given_through="test")
    assert list(ListeningSession.objects.all()) == [theirs]


def told(user, mode, after, emotion="sadness"):
    session = begun(user, emotion, mode)
    sessions.mood_tell(session=session, moment="before", valence_step=2, arousal_step=2)
    step(session, 2)
    sessions.mood_tell(session=session, moment="after", valence_step=after, arousal_step=2)
    return session


def test_a_mode_that_helped_on_such_days_is_learned_for_that_person_alone(amy, bob):
    for _ in range(3):
        told(amy, "lift", 4)
    assert selectors.helped_before(user=amy, emotion=Emotion.SADNESS) is Mode.LIFT
    assert selectors.helped_before(user=amy, emotion=Emotion.ANGER) is None
    assert selectors.helped_before(user=bob, emotion=Emotion.SADNESS) is None


def test_what_has_helped_is_the_default_until_its_person_says_otherwise(amy):
    for _ in range(3):
        told(amy, "lift", 4)
    assert begun(amy).mode == "lift"
    assert begun(amy, "anger").mode == "shift"
    ListenerPreferences.objects.create(user=amy, default_modes={"sadness": "match"})
    assert begun(amy).mode == "match"


def test_what_helps_later_leaves_an_earlier_reading_its_music(amy):
    session = begun(amy)
    for _ in range(3):
        told(amy, "lift", 4)
    assert selectors.helped_before(user=amy, emotion=Emotion.SADNESS) is Mode.LIFT
    assert sets.mode_of(reading=session.first_reading) is Mode.SHIFT
    assert sets.set_of(reading=session.first_reading) is not None


def test_whoever_limits_the_use_of_her_moods_is_told_nothing_that_was_learned_of_them(amy):
    for _ in range(3):
        told(amy, "lift", 4)
    sensitive_use_limit(user=amy, limited=True)
    assert selectors.helped_before(user=amy, emotion=Emotion.SADNESS) is None
    assert begun(amy).mode == "shift"


def test_a_session_without_an_answer_teaches_nothing_and_a_mixed_one_counts_for_its_longer_part(amy):
    begun(amy)
    assert selectors.trials(user=amy) == []
    session = begun(amy, "sadness", "match")
    step(session, 1)
    sessions.session_mode_set(session=session, mode="shift")
    # The track that played when the mode changed still belongs to match.
    step(session, 4)
    sessions.mood_tell(session=session, moment="after", valence_step=5, arousal_step=3)
    assert [(trial.mode, trial.helped) for trial in selectors.trials(user=amy)] == [(Mode.SHIFT, True)]


def test_learning_asks_the_database_the_same_however_many_sessions_there_are(amy, django_assert_num_queries):
    told(amy, "lift", 4)
    with django_assert_num_queries(3):
        selectors.trials(user=amy)
    told(amy, "shift", 4)
    with django_assert_num_queries(3):
        selectors.trials(user=amy)


def test_what_a_session_played_beyond_its_set_counts_as_heard_lately_and_what_it_only_planned_does_not(amy):
    session = begun(amy, "sadness")
    first = session.first_reading
    sessions.session_mode_set(session=session, mode="lift")
    step(session, 2)
    shown = set(RecommendationSet.objects.get(reading=first).recommendations.values_list("track_id", flat=True))
    rows = {row.rank: row for row in session.tracks.all()}
    other = ReadingFactory(capture__user=amy)
    recent = sets.recent_tracks(user=amy, besides=other)
    assert rows[2].track_id in recent
    assert rows[2].track_id not in shown
    assert not {row.track_id for row in rows.values() if row.state == State.PLANNED} & (recent - shown)
    assert sets.recent_tracks(user=amy, besides=first) == set()
    assert sets.recent_tracks(user=ReadingFactory().user, besides=other) == set()
