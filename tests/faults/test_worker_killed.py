"""A worker dies while it reads, Redis dies with messages in it: every capture still ends, once."""

import pytest

from tests.support.pictures import astronaut, encoded
from tests.support.stack import Stack, Visitor, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.model]


@pytest.fixture
def stack(tmp_path):
    """Run a site of its own for each test: parts of it are killed."""
    running = Stack(tmp_path).prepare()
    try:
        yield running.start_all()
    finally:
        running.stop()


def test_a_worker_killed_while_reading_leaves_its_capture_done_once(stack):
    visitor = Visitor(stack).register()
    # A worker that has just started loads the model first: there is time to kill it with the claim in its hands.
    path = visitor.send(encoded(astronaut()))
    processing = "SELECT 1 FROM emotion_capture WHERE status = 'processing'"
    wait_for(lambda: stack.rows(processing), "the claim")
    stack.kill("worker")
    assert visitor.status(path) == "processing"
    stack.start("worker")
    wait_for(lambda: visitor.result(path)["recommendations"], "the reading and its music")
    assert visitor.status(path) == "done"
    assert stack.rows("SELECT attempts FROM emotion_capture") == [(2,)]
    assert stack.rows("SELECT count(*) FROM emotion_emotionreading") == [(1,)]
    assert stack.rows("SELECT count(*) FROM recommendations_recommendationset") == [(1,)]


def test_a_child_killed_while_reading_leaves_its_capture_done_once(stack):
    visitor = Visitor(stack).register()
    path = visitor.send(encoded(astronaut()))
    wait_for(lambda: stack.rows("SELECT 1 FROM emotion_capture WHERE status = 'processing'"), "the claim")
    assert stack.kill_children("worker") >= 1
    wait_for(lambda: visitor.result(path)["recommendations"], "the reading and its music")
    assert stack.rows("SELECT count(*) FROM emotion_emotionreading") == [(1,)]


def test_a_queue_that_lost_everything_loses_no_capture(stack):
    visitor = Visitor(stack).register()
    stack.kill("worker")
    path = visitor.send(encoded(astronaut()))
    stack.kill("redis")
    for file in (stack.folder / "redis").rglob("*"):
        if file.is_file():
            file.unlink()
    # While Redis is down a photo is still taken in: the row is the truth.
    second = visitor.send(encoded(astronaut().rotate(3)))
    stack.start("redis")
    stack.start("worker")
    for sent in (path, second):
        wait_for(lambda sent=sent: visitor.result(sent)["recommendations"], "the reading and its music", seconds=150)
    assert stack.rows("SELECT count(*) FROM emotion_emotionreading") == [(2,)]
