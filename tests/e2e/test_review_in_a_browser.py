"""A reviewer decides on faces by keyboard alone, and is told nothing of whose they are."""

import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded
from tests.support.stack import PASSWORD, ROOT, Visitor, wait_for
from tests.support.staff import code

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]
EMAIL = "rita@example.org"
MAKE_REVIEWER = f"""
from accounts.models import User
from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import Permission
user = User.objects.create_user("{EMAIL}", "{PASSWORD}", is_staff=True)
user.user_permissions.add(Permission.objects.get(codename="review_trainingsample"))
secret = auth.generate_totp_secret()
auth.TOTP.activate(user, secret)
print(secret)
"""


@pytest.fixture
def faces(stack):
    """Let one person leave three faces with her word on each."""
    visitor = Visitor(stack).register(emotion_inference="on", store_history="on", train_model="on")
    for word in ("happiness", "sadness", "fear"):
        path = visitor.send(encoded(astronaut()))
        wait_for(lambda path=path: visitor.result(path)["recommendations"], "the music")
        assert visitor.post(path, f"{path}correct/", emotion=word).ok
    return visitor


@pytest.fixture
def reviewer(browser, stack):
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_REVIEWER],
        cwd=ROOT, env=stack.environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack)
    person.open("/admin/emotion/trainingsample/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator("input[name=code]").fill(code(made.stdout.split()[-1]))
    page.locator("input[name=code]").press("Enter")
    yield person
    context.close()


def decided(stack):
    return stack.rows("SELECT status, label, reviewed_label FROM emotion_trainingsample ORDER BY id")


def test_faces_are_decided_on_by_keys_and_without_names(faces, reviewer, stack):
    page = reviewer.page
    expect(page.get_by_role("heading", level=1, name="Faces to review")).to_be_visible()
    face = page.get_by_role("group", name="Face")
    expect(face).to_have_count(3)
    reviewer.assert_accessible()
    [(email,)] = stack.rows("SELECT email FROM accounts_user WHERE email <> 'rita@example.org'")
    assert email not in page.content()
    for picture in page.get_by_alt_text("The face").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth") == 48

    face.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="Face 2: sadness")).to_be_focused()
    page.keyboard.press("r")
    expect(face).to_have_count(2)
    # The page that follows puts the focus where the next decision is.
    expect(page.get_by_role("group", name="Face 1: happiness")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("group", name="Face 1: fear")).to_be_focused()
    page.keyboard.press("4")
    expect(page.get_by_text("Nothing waits for review")).to_be_visible()
    reviewer.assert_accessible()
    assert decided(stack) == [
        ("accepted", "happiness", ""),
        ("rejected", "sadness", ""),
        ("accepted", "fear", "sadness"),
    ]
    assert len(list((stack.folder / "media" / "samples").iterdir())) == 2
    reviews = stack.rows("SELECT count(*) FROM privacy_auditevent WHERE kind = 'sample_reviewed' AND subject IS NULL")
    assert reviews == [(3,)]
    assert reviewer.complaints == []
