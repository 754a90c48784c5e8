"""Reviewers see faces, never whose they are; each decision is taken once, on what was seen, and written down."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from emotion.models import TrainingSample
from emotion.samples.services import sample_accept, sample_reject, sample_relabel
from emotion.services import reading_correct
from mood_music.errors import UserError
from mood_music.messages import message
from privacy.models import AuditEvent
from privacy.purposes import Purpose
from privacy.services import consent_record
from tests.emotion.learning import folder
from tests.factories import UserFactory
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db
QUEUE = "admin:emotion_trainingsample_changelist"


@pytest.fixture
def reviewer(db):
    user = UserFactory(email="rita@example.org", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="review_trainingsample"))
    return user


@pytest.fixture
def as_reviewer(reviewer):
    return staff_log_in(Client(), reviewer)


@pytest.fixture
def waiting(read):
    """Return a sample that waits for review: its person said sadness, the model happiness."""
    reading_correct(reading=read(), emotion="sadness")
    return TrainingSample.objects.get()


def decide(client, sample, decision, seen="sadness", label=""):
    form = {"decision": decision, "seen": seen, "label": label}
    return client.post(reverse("admin:emotion_sample_decide", args=[sample.pk]), form, follow=True)


def test_the_queue_shows_the_face_and_the_word_and_nothing_of_the_person(as_reviewer, waiting, learner):
    page = as_reviewer.get(reverse(QUEUE)).content.decode()
    picture = reverse("admin:emotion_sample_picture", args=[waiting.pk])
    assert picture in page
    assert "Sadness" in page
    answer = as_reviewer.get(picture)
    assert b"".join(answer.streaming_content).startswith(b"\x89PNG")
    assert answer["Content-Type"] == "image/png"
    assert "no-store" in answer["Cache-Control"]
    shown = page + str(answer.headers)
    capture = waiting.reading.capture
    for betraying in (learner.email, str(learner.public_id), str(capture.public_id), waiting.image.name.split("/")[1]):
        assert betraying not in shown
    assert "no-store" in as_reviewer.get(reverse(QUEUE))["Cache-Control"]


def test_what_waits_longest_comes_first_and_only_what_waits(as_reviewer, read, waiting):
    reading_correct(reading=read(), emotion="fear")
    read()
    samples = as_reviewer.get(reverse(QUEUE)).context["samples"]
    assert [sample.label for sample in samples] == ["sadness", "fear"]


@pytest.mark.parametrize(
    ("decision", "label", "status", "final"),
    [("accept", "", "accepted", "sadness"), ("relabel", "fear", "accepted", "fear"), ("reject", "", "rejected", None)],
)
def test_a_decision_is_one_press_and_is_written_down_without_the_person(
    as_reviewer,
    reviewer,
    waiting,
    learner,
    settings,
    django_capture_on_commit_callbacks,
    decision,
    label,
    status,
    final,
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = decide(as_reviewer, waiting, decision, label=label)
    assert answer.redirect_chain[-1][0].endswith("#faces")
    sample = TrainingSample.objects.get()
    assert (sample.status, sample.reviewed_by, sample.label) == (status, reviewer, "sadness")
    assert (sample.final_label == final) is (final is not None)
    assert bool(folder(settings)) is (status == "accepted")
    assert bool(sample.image) is (status == "accepted")
    event = AuditEvent.objects.get(kind="sample_reviewed")
    assert event.actor == reviewer.audit_subject.reference
    assert event.subject is None
    assert event.detail["sample"] == sample.pk
    assert "sadness" not in str(event.detail)
    assert "fear" not in str(event.detail)


def test_a_word_that_is_none_of_the_eight_changes_nothing(as_reviewer, waiting):
    assert message("unknown_emotion").title in decide(as_reviewer, waiting, "relabel").content.decode()
    decide(as_reviewer, waiting, "relabel", label="hangry")
    decide(as_reviewer, waiting, "burn")
    waiting.refresh_from_db()
    assert waiting.status == "pending"
    assert not AuditEvent.objects.filter(kind="sample_reviewed").exists()


def test_nobody_accepts_a_word_that_she_has_not_seen(as_reviewer, waiting):
    reading_correct(reading=waiting.reading, emotion="anger")
    assert message("sample_changed").title in decide(as_reviewer, waiting, "accept").content.decode()
    waiting.refresh_from_db()
    assert waiting.status == "pending"


@pytest.mark.parametrize("act", [sample_accept, sample_reject])
def test_of_two_reviewers_at_once_one_decides(reviewer, waiting, act):
    sample_accept(sample=waiting, actor=reviewer)
    with pytest.raises(UserError, match="sample_changed"):
        act(sample=waiting, actor=reviewer)
    assert TrainingSample.objects.get().status == "accepted"
    assert AuditEvent.objects.filter(kind="sample_reviewed").count() == 1


def test_a_word_that_changes_between_look_and_decision_stops_it(reviewer, waiting):
    reading_correct(reading=waiting.reading, emotion="anger")
    reading_correct(reading=waiting.reading, emotion="sadness")
    with pytest.raises(UserError, match="sample_changed"):
        sample_reject(sample=waiting, actor=reviewer)
    assert TrainingSample.objects.get().status == "pending"


def test_the_reviewers_word_that_is_the_persons_is_no_other_word(reviewer, waiting):
    sample_relabel(sample=waiting, actor=reviewer, label="sadness")
    assert TrainingSample.objects.get().reviewed_label == ""


def test_a_face_that_was_taken_back_is_nowhere_to_be_seen(as_reviewer, waiting, learner, monkeypatch):
    picture = reverse("admin:emotion_sample_picture", args=[waiting.pk])
    with monkeypatch.context() as newer:
        newer.setattr("privacy.selectors.NOTICE_VERSION", "2099-01-01")
        assert as_reviewer.get(picture).status_code == 404
        assert not as_reviewer.get(reverse(QUEUE)).context["samples"]
        assert message("sample_changed").title in decide(as_reviewer, waiting, "accept").content.decode()
    consent_record(user=learner, purpose=Purpose.TRAIN_MODEL, granted=False, given_through="test")
    assert as_reviewer.get(picture).status_code == 404
    assert message("sample_changed").title in decide(as_reviewer, waiting, "accept").content.decode()


def test_a_face_that_is_decided_on_is_not_shown_again(as_reviewer, reviewer, waiting):
    sample_accept(sample=waiting, actor=reviewer)
    assert as_reviewer.get(reverse("admin:emotion_sample_picture", args=[waiting.pk])).status_code == 404


@pytest.mark.parametrize("rights", [{}, {"is_staff": True}])
@pytest.mark.parametrize("permission", [None, "view_trainingsample", "change_trainingsample"])
def test_nobody_without_the_right_to_review_sees_or_decides(client, waiting, rights, permission):
    user = UserFactory(**rights)
    if permission:
        user.user_permissions.add(Permission.objects.get(codename=permission))
    staff_log_in(client, user)
    for address in (reverse(QUEUE), reverse("admin:emotion_sample_picture", args=[waiting.pk])):
        assert client.get(address).status_code in {302, 403}
    form = {"decision": "accept", "seen": "sadness"}
    assert client.post(reverse("admin:emotion_sample_decide", args=[waiting.pk]), form).status_code in {302, 403}
    waiting.refresh_from_db()
    assert waiting.status == "pending"


def test_there_is_no_page_of_a_row_which_would_say_whose_it_is(admin_client, waiting):
    for address in (f"{waiting.pk}/", f"{waiting.pk}/change/", f"{waiting.pk}/history/", f"{waiting.pk}/delete/"):
        assert admin_client.get(reverse(QUEUE) + address).status_code == 404
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert reverse(QUEUE) in page


def test_a_decision_is_no_link(as_reviewer, waiting):
    address = reverse("admin:emotion_sample_decide", args=[waiting.pk])
    assert as_reviewer.get(address, {"decision": "accept", "seen": "sadness"}).status_code == 405
