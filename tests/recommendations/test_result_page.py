import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from emotion.models import EmotionReading
from ml.types import Advice, Emotion
from mood_music.messages import message, message_ids
from recommendations import presenters, services
from tests.factories import CaptureFactory, ReadingFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]


def page(client, reading, built=True):
    if built:
        services.set_build(reading_id=reading.pk)
    return client.get(reverse("result", args=[reading.capture.public_id])).content.decode()


def test_a_waiting_capture_shows_its_status_and_refreshes_without_script(as_amy, amy):
    capture = CaptureFactory(user=amy)
    shown = as_amy.get(reverse("result", args=[capture.public_id])).content.decode()
    assert reverse("capture_status", args=[capture.public_id]) in shown
    assert 'http-equiv="refresh"' in shown


def test_the_status_card_asks_for_the_whole_page_once_the_reading_and_its_music_are_there(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    url = reverse("capture_status", args=[reading.capture.public_id])
    waiting = CaptureFactory(user=amy)
    assert "HX-Refresh" not in as_amy.get(reverse("capture_status", args=[waiting.public_id]))
    services.set_build(reading_id=reading.pk)
    assert as_amy.get(url)["HX-Refresh"] == "true"


def test_all_eight_scores_the_music_and_the_correction_are_shown(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    shown = page(as_amy, reading)
    assert "Looks like happiness" in shown
    for emotion in Emotion:
        assert f'value="{emotion.value}"' in shown
    for row in reading.sets.get().recommendations.all():
        assert row.reason in shown
    assert shown.count("https://open.spotify.com/search/") == 8


def test_a_low_confidence_is_said_plainly_with_both_candidates(as_amy, amy):
    scores = {e.value: 0.05 for e in Emotion} | {"sadness": 0.4, "neutral": 0.3}
    reading = ReadingFactory(capture__user=amy, emotion="sadness", confidence=0.4, sure=False, scores=scores)
    assert "Not sure: perhaps sadness, perhaps neutral" in page(as_amy, reading)


@pytest.mark.parametrize("code", ["no_face", "too_dark", "face_too_small", "processing_failed", "picture_lost"])
def test_a_refusal_says_what_to_do(as_amy, amy, code):
    capture = CaptureFactory(user=amy, status="refused", refusal=code)
    shown = as_amy.get(reverse("result", args=[capture.public_id])).content.decode()
    assert message(code).title in shown
    assert message(code).action in shown
    assert reverse("capture_new") in shown


def test_of_several_faces_the_one_that_was_read_is_marked(as_amy, amy):
    boxes = [{"x": 10, "y": 10, "width": 90, "height": 90}, {"x": 200, "y": 20, "width": 50, "height": 50}]
    reading = ReadingFactory(capture__user=amy, faces=boxes)
    assert [box["read"] for box in presenters.faces(reading)["boxes"]] == [True, False]
    assert 'viewBox="0 0 320 240"' in page(as_amy, reading)


def test_the_crop_is_shown_only_if_it_was_kept(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    url = reverse("capture_crop", args=[reading.capture.public_id])
    assert url not in page(as_amy, reading)
    assert as_amy.get(url).status_code == 404
    reading.crop.save("x", ContentFile(b"jpeg"))
    assert url in page(as_amy, reading)
    answer = as_amy.get(url)
    assert b"".join(answer.streaming_content) == b"jpeg"
    assert "no-store" in answer["Cache-Control"]


def test_nothing_is_called_certain_however_sure_the_model_is(as_amy, amy):
    scores = {e.value: 0.9993 if e is Emotion.HAPPINESS else 0.0001 for e in Emotion}
    shown = page(as_amy, ReadingFactory(capture__user=amy, scores=scores, confidence=0.9993))
    assert "gives happiness 99 of 100" in shown
    assert "100 %" not in shown


def test_one_tap_corrects_and_the_page_follows(as_amy, amy, django_capture_on_commit_callbacks):
    reading = ReadingFactory(capture__user=amy)
    page(as_amy, reading)
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_amy.post(reverse("reading_correct", args=[reading.capture.public_id]), {"emotion": "fear"})
    assert EmotionReading.objects.get().corrected_emotion == "fear"
    assert "You said: fear" in as_amy.get(answer.url).content.decode()


def test_a_forged_correction_is_refused_in_words(as_amy, amy):
    reading = ReadingFactory(capture__user=amy)
    answer = as_amy.post(reverse("reading_correct", args=[reading.capture.public_id]), {"emotion": "hangry"})
    assert answer.status_code == 400
    assert message("unknown_emotion").title in answer.content.decode()


def test_the_mode_changes_with_one_tap(as_amy, amy):
    reading = ReadingFactory(capture__user=amy, emotion="sadness")
    page(as_amy, reading)
    url = reverse("set_mode", args=[reading.capture.public_id])
    answer = as_amy.post(url, {"mode": "lift"}, follow=True)
    assert [mode["value"] for mode in answer.context["modes"] if mode["active"]] == ["lift"]
    assert as_amy.post(url, {"mode": "sleep"}).status_code == 400


def test_every_advice_of_the_model_has_words():
    assert {f"advice.{code}" for code in Advice} <= message_ids()


def test_titles_of_tracks_are_escaped(as_amy, amy):
    from recommendations.models import Track

    Track.objects.update(title="<script>alert(1)</script>")
    assert "<script>alert" not in page(as_amy, ReadingFactory(capture__user=amy))
