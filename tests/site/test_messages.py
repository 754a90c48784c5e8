import re

import pytest

from mood_music.messages import message, message_ids
from tests.support.stack import ROOT

RAISED = re.compile(r'(?:(?:UserError|PictureError|_finish|_tell)\([^"\n]*|\bwords = )"([a-z_]+)"')


def raised_ids():
    for folder in ("accounts", "emotion", "ml", "mood_music", "privacy", "recommendations"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from RAISED.findall(path.read_text())


def test_every_error_that_a_person_can_meet_has_words():
    found = set(raised_ids())
    assert {"consent_required", "not_an_image", "picture_lost", "spotify_state", "spotify_premium"} <= found
    assert found <= message_ids()


@pytest.mark.parametrize("message_id", sorted(i for i in message_ids() if not i.startswith("advice.")))
def test_a_refusal_has_a_title_says_what_happened_and_what_to_do(message_id):
    words = message(message_id)
    assert words.title
    assert words.text.endswith(".")
    assert words.action.endswith(".")
