import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from emotion.models import Capture
from mood_music.messages import message
from tests.factories import CaptureFactory, UserFactory
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.django_db
URL = "/captures/new/"


def file(data, name="photo.jpg", kind="image/jpeg"):
    return SimpleUploadedFile(name, data, kind)


def test_the_first_capture_asks_for_consent(client):
    client.force_login(UserFactory(consents=()))
    assert client.get(URL).url == f"{reverse('consent')}?next=%2Fcaptures%2Fnew%2F"


def test_a_frame_sent_around_the_page_without_consent_is_refused(client, photo):
    client.force_login(UserFactory(consents=()))
    assert client.post(URL, {"photo": file(photo)}).status_code == 403
    assert not Capture.objects.exists()


def test_a_photo_leads_to_its_result_page(as_amy, amy, photo):
    answer = as_amy.post(URL, {"photo": file(photo), "source": "camera", "mode": "lift"})
    capture = Capture.objects.get()
    assert answer.status_code == 302
    assert answer.url == f"/captures/{capture.public_id}/"
    assert (capture.user, capture.source, capture.mode) == (amy, "camera", "lift")


def test_the_owner_is_the_caller_whatever_the_form_says(as_amy, amy, bob, photo):
    as_amy.post(URL, {"photo": file(photo), "user": bob.pk, "user_id": bob.pk})
    assert Capture.objects.get().user == amy


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"MZ not a picture", "not_an_image"),
        (encoded(picture())[:-500], "truncated"),
        (encoded(picture((10, 10)), "PNG"), "too_small"),
        (b"", "no_photo"),
    ],
)
def test_a_bad_file_is_answered_in_words_and_never_with_a_500(as_amy, data, code):
    answer = as_amy.post(URL, {"photo": file(data)})
    assert answer.status_code == 422
    assert answer.context["form"].errors["photo"][0].startswith(message(code).title)
    assert message(code).action in answer.context["form"].errors["photo"][0]


def test_a_missing_file_says_so(as_amy):
    answer = as_amy.post(URL, {})
    assert answer.status_code == 422
    assert "There was no photo" in answer.content.decode()


@pytest.mark.parametrize("form", [{"mode": "dance"}, {"source": "satellite"}, {"idempotency_key": "k" * 65}])
def test_a_forged_field_is_refused(as_amy, photo, form):
    assert as_amy.post(URL, {"photo": file(photo), **form}).status_code == 422
    assert not Capture.objects.exists()


def test_a_file_over_the_cap_is_refused_while_it_arrives(as_amy, settings):
    settings.MAX_UPLOAD_MEGABYTES = 1
    answer = as_amy.post(URL, {"photo": file(b"x" * (3 * 1024 * 1024))})
    assert answer.status_code == 422
    assert "up to 1 MB" in answer.content.decode()


def test_too_many_at_once_says_when_to_come_back(as_amy, amy, photo, settings):
    settings.CAPTURES_IN_FLIGHT_PER_USER = 1
    CaptureFactory(user=amy)
    answer = as_amy.post(URL, {"photo": file(photo)})
    assert (answer.status_code, answer["Retry-After"]) == (429, "10")


def test_a_second_click_on_send_makes_no_second_capture(as_amy, photo):
    first = as_amy.post(URL, {"photo": file(photo), "idempotency_key": "same"})
    again = as_amy.post(URL, {"photo": file(photo), "idempotency_key": "same"})
    assert first.url == again.url
    assert Capture.objects.count() == 1


def test_the_page_says_before_the_camera_starts_that_an_ai_reads(as_amy):
    page = as_amy.get(URL).content.decode()
    assert reverse("ai_notice") in page
    assert "AI" in page
