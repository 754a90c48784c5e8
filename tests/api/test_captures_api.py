import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from emotion.models import Capture
from emotion.tasks import capture_process
from recommendations.services import set_build
from tests.factories import UserFactory
from tests.support.pictures import encoded, picture

pytestmark = pytest.mark.django_db
URL = "/api/v1/captures/"


def send(client, data, **headers):
    return client.post(URL, {"photo": SimpleUploadedFile("p.jpg", data, "image/jpeg")}, headers=headers)


def test_a_capture_is_taken_in_read_and_deleted(as_amy, photo, scripted, catalogue):
    answer = send(as_amy, photo)
    assert answer.status_code == 202
    assert answer.json()["status"] == "pending"
    detail = f"{URL}{answer.json()['id']}/"
    capture = Capture.objects.get()
    capture_process(capture.pk)
    set_build(reading_id=capture.readings.get().pk)
    done = as_amy.get(detail).json()
    assert done["reading"]["dominant"] == "happiness"
    assert len(done["recommendations"]) == 8
    assert as_amy.delete(detail).status_code == 204
    assert as_amy.get(detail).status_code == 404


def test_an_idempotency_key_makes_a_repeated_call_harmless(as_amy, photo):
    first, second = (send(as_amy, photo, **{"Idempotency-Key": "k"}).json()["id"] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(b"text", 400, "not_an_image"), (encoded(picture((9, 9))), 400, "too_small")],
)
def test_a_bad_file_has_a_stable_code_and_words(as_amy, data, status, code):
    answer = send(as_amy, data)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["action"]


def test_too_large_a_file_is_a_413(as_amy, settings):
    settings.MAX_UPLOAD_MEGABYTES = 1
    assert send(as_amy, b"x" * (2 * 1024 * 1024)).status_code == 413


def test_without_consent_there_is_a_403_and_no_row(client, photo):
    client.force_login(UserFactory(consents=()))
    assert send(client, photo).json()["code"] == "consent_required"
    assert not Capture.objects.exists()


def test_the_schema_names_both_addresses(as_amy):
    schema = as_amy.get("/api/v1/schema/?format=json", headers={"Accept": "application/json"})
    assert schema.status_code == 200
    assert b"/api/v1/captures/{public_id}/" in schema.content
