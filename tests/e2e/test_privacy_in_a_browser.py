"""A person looks at what is held, fetches a copy that the worker made, and deletes her account."""

import json
import re
import zipfile

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.stack import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.worker]


@pytest.fixture
def person(browser, stack):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    yield Person(page, stack)
    context.close()


def confirm(page):
    """Give the password once more."""
    expect(page).to_have_url(re.compile("/accounts/reauthenticate/"))
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()


def test_see_what_is_held_fetch_a_copy_and_delete_the_account(person, stack, tmp_path):
    page = person.page
    person.register()
    person.consent()
    person.open("/privacy/")
    page.locator("summary", has_text="Your answers to what we asked for").click()
    expect(page.get_by_text("So that we can show what you agreed to").first).to_be_visible()
    person.assert_accessible()
    page.get_by_role("switch", name="Limit the use of my sensitive data").click()
    expect(page.get_by_role("switch", name="Limit the use of my sensitive data")).to_be_checked()

    page.get_by_role("link", name="Get a copy").click()
    page.get_by_role("button", name="Ask for my copy").click()
    confirm(page)
    expect(page.get_by_role("heading", name="Your copy is ready")).to_be_visible(timeout=PATIENCE)
    person.assert_accessible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it").click()
    download.value.save_as(tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as copy:
        assert json.loads(copy.read("manifest.json"))["missing"] == []
        assert '"limit_sensitive": true' in copy.read("data/privacy_choices/privacy.PrivacyPreference.json").decode()
    for path in ("/history/bring-in/", "/privacy/receipt/", "/legal/retention/", "/legal/cookies/"):
        person.open(path)
        person.assert_accessible()

    person.open("/privacy/erase/")
    person.assert_accessible()
    page.get_by_label("My whole account").check()
    page.get_by_label("I understand that this cannot be undone.").check()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Your data are deleted")).to_be_visible()
    person.assert_accessible()
    assert stack.rows("SELECT count(*) FROM privacy_dataexport") == [(0,)]
    assert list((stack.folder / "media" / "exports").iterdir()) == []
    assert stack.rows("SELECT status FROM privacy_erasurerequest") == [("grace",)]
    person.open("/history/")
    expect(page).to_have_url(re.compile("/accounts/login/"))
    assert person.complaints == []
