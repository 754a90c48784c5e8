"""Staff retrain on a few real files from the admin, promote the candidate for a written reason, and roll back."""

import re
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.support import training
from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded
from tests.support.stack import PASSWORD, ROOT, Visitor, wait_for
from tests.support.staff import code

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]
EMAIL = "tara@example.org"
LONG = 300_000
MAKE_STAFF = f"""
from accounts.models import User
from allauth.mfa.totp.internal import auth
from django.contrib.auth.models import Permission
user = User.objects.create_user("{EMAIL}", "{PASSWORD}", is_staff=True)
names = ("view_trainingrun", "start_trainingrun", "view_modelversion", "promote_modelversion")
user.user_permissions.set(Permission.objects.filter(codename__in=names))
secret = auth.generate_totp_secret()
auth.TOTP.activate(user, secret)
print(secret)
"""
ACTIVE = "SELECT version FROM emotion_modelversion WHERE status = 'active'"
READ_BY = "SELECT model_version FROM emotion_emotionreading ORDER BY id DESC LIMIT 1"


@pytest.fixture
def visitor(stack):
    """Make a small network the active version, with samples to train on; whoever visits is read by it."""
    training.prepare(stack, samples=24)
    visitor = Visitor(stack).register()
    assert [(read_by(stack, visitor),)] == stack.rows(ACTIVE)
    return visitor


@pytest.fixture
def staff(browser, stack, visitor):
    made = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_STAFF],
        cwd=ROOT, env=stack.environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack)
    person.open("/admin/emotion/trainingrun/")
    page.locator("input[name=login]").fill(EMAIL)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator("input[name=code]").fill(code(made.stdout.split()[-1]))
    page.locator("input[name=code]").press("Enter")
    yield person
    context.close()


def read_by(stack, visitor):
    """Have a new picture read; return the version that read it."""
    path = visitor.send(encoded(astronaut()))
    wait_for(lambda: visitor.status(path) in {"done", "failed", "refused"}, "the reading", seconds=240)
    assert visitor.status(path) == "done"
    return stack.rows(READ_BY)[0][0]


def press(page, name):
    """Follow a link to a page that may first ask once more who it is."""
    page.get_by_role("link", name=name).click()
    page.wait_for_load_state()
    if "/reauthenticate/" in page.url:
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("input[name=password]").press("Enter")
        page.wait_for_url("**/admin/**")


def test_retrain_watch_compare_promote_and_roll_back(stack, staff, visitor):
    page = staff.page
    ((first,),) = stack.rows(ACTIVE)

    press(page, "Start a run")
    staff.assert_accessible()
    page.get_by_label("Epochs").fill("3")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("status").first).to_contain_text("Waiting for its worker")
    stack.start("trainer")
    # Nobody loads the page anew: it asks by itself.
    expect(page.get_by_role("status").first).to_contain_text("Done", timeout=LONG)
    expect(page.get_by_role("heading", name="Loss")).to_be_visible()
    expect(page.get_by_text(re.compile("Epoch 3: loss"))).to_be_visible()
    staff.assert_accessible()

    page.get_by_role("link", name=re.compile("^tiny-face-")).click()
    ((candidate,),) = stack.rows("SELECT version FROM emotion_modelversion WHERE run_id IS NOT NULL")
    expect(page.get_by_role("heading", level=1)).to_have_text(candidate)
    page.get_by_role("link", name=re.compile("Side by side")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Side by side")
    page.go_back()
    press(page, "Promote")
    reason = page.locator("textarea[name=reason], input[name=reason]")
    reason.fill("too short")
    page.get_by_role("button", name="Promote").click()
    assert stack.rows(ACTIVE) == [(first,)]
    reason.fill("There are no test rows on this site; the samples were looked at.")
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_text(f"{candidate} is active now.")).to_be_visible()
    assert read_by(stack, visitor) == candidate

    staff.open("/admin/emotion/modelversion/")
    press(page, f"Roll back to {first}")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text(f"{first} is active again.")).to_be_visible()
    assert read_by(stack, visitor) == first
    assert staff.complaints == []
