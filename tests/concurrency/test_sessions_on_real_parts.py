"""Many presses at once on a running site: one session, one step."""

import concurrent.futures
import re

import pytest

from tests.support.pictures import astronaut, encoded
from tests.support.stack import Visitor, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.model]


def at_once(times, act):
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        return list(pool.map(lambda _: act(), range(times)))


def test_buttons_that_are_pressed_five_times_at_once_count_once(stack):
    visitor = Visitor(stack).register()
    result = visitor.send(encoded(astronaut()))
    wait_for(lambda: visitor.status(result) == "done" and visitor.result(result)["recommendations"], "the music")

    urls = set(at_once(5, lambda: visitor.post(result, f"{result}listen/").url))
    assert len(urls) == 1
    session = urls.pop().removeprefix(stack.url)
    assert stack.rows("SELECT count(*) FROM recommendations_listeningsession") == [(1,)]

    at_once(5, lambda: visitor.post(session, f"{session}next/", rank="1", what="skip"))
    states = stack.rows("SELECT state FROM recommendations_sessiontrack ORDER BY rank")
    assert [state for (state,) in states][:3] == ["skipped", "playing", "planned"]

    modes = ["match", "shift", "lift", "keep", "lift"]
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda mode: visitor.post(session, f"{session}mode/", mode=mode).status_code, modes))
    assert answers == [200] * 5
    ahead = stack.rows("SELECT DISTINCT mode FROM recommendations_sessiontrack WHERE state = 'planned'")
    assert ahead == stack.rows("SELECT mode FROM recommendations_listeningsession")

    at_once(5, lambda: visitor.post(session, f"{session}mood/", moment="after", valence="4", arousal="2"))
    told = stack.rows("SELECT moment FROM recommendations_sessionmood ORDER BY id")
    assert told == [("before",), ("after",)]
    page = visitor.get(session).text
    assert re.search(r'aria-current="step"', page)
