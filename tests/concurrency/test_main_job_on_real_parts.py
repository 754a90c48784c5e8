"""From an upload to the history, on a real worker, a real Redis and the real model."""

import concurrent.futures

import pytest

from tests.support.pictures import astronaut, encoded, picture
from tests.support.stack import Visitor, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.model]


def test_a_photo_becomes_a_reading_with_music_and_stands_in_the_history(stack):
    visitor = Visitor(stack).register()
    path = visitor.send(encoded(astronaut()))
    wait_for(lambda: visitor.result(path)["recommendations"], "the music")
    result = visitor.result(path)
    assert result["status"] == "done"
    assert result["reading"]["dominant"] == "happiness"
    assert len(result["reading"]["scores"]) == 8
    assert sum(result["reading"]["scores"].values()) == pytest.approx(1)
    assert len(result["recommendations"]) == 8
    assert all(row["reason"] for row in result["recommendations"])
    page = visitor.get(path)
    assert result["recommendations"][0]["reason"] in page.text
    assert path in visitor.get("/history/").text
    assert stack.rows("SELECT count(*) FROM emotion_capture WHERE image <> ''") == [(0,)]


def test_a_picture_without_a_face_says_what_to_do(stack):
    visitor = Visitor(stack).register()
    path = visitor.send(encoded(picture((640, 480))))
    wait_for(lambda: visitor.status(path) == "refused", "the refusal")
    assert "We found no face" in visitor.get(path).text


def test_one_form_sent_five_times_at_once_makes_one_capture(stack):
    visitor = Visitor(stack).register()
    photo = encoded(astronaut())

    def send(_):
        files = {"photo": ("face.jpg", photo, "image/jpeg")}
        return visitor.post("/captures/new/", files=files, source="upload", idempotency_key="once").url

    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        urls = set(pool.map(send, range(5)))
    assert len(urls) == 1
    path = urls.pop().removeprefix(stack.url)
    wait_for(lambda: visitor.status(path) == "done", "the reading")
    assert len(stack.rows("SELECT id FROM emotion_capture WHERE idempotency_key = 'once'")) == 1


def test_the_logs_hold_no_address_and_no_score(stack):
    visitor = Visitor(stack).register()
    path = visitor.send(encoded(astronaut()))
    wait_for(lambda: visitor.status(path) == "done", "the reading")
    email = stack.rows("SELECT email FROM accounts_user ORDER BY id DESC LIMIT 1")[0][0]
    written = stack.log("web") + stack.log("worker")
    assert "reading_recorded" in written
    assert email not in written
    assert "happiness" not in written
    assert "127.0.0.1:" not in written.replace(f"127.0.0.1:{stack.port}", "")
