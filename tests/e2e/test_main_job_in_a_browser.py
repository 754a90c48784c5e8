"""The main job as a person does it: register, consent, camera, result, history, delete."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded, picture

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]


@pytest.fixture
def person(browser, stack):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    # Whatever moves would be measured half faded in.
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    yield Person(page, stack)
    context.close()


def test_register_consent_camera_result_history_delete(person):
    page = person.page
    person.open("/")
    person.assert_accessible()
    person.register()
    person.assert_accessible()
    person.consent()
    person.assert_accessible()

    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator("[data-preview]")).to_be_visible()
    person.assert_accessible()
    page.get_by_role("button", name="Read my expression").click()

    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".tracks .track")).to_have_count(8)
    expect(page.locator(".scores .score")).to_have_count(8)
    person.assert_accessible()
    result = page.url
    source = person.stack.rows("SELECT source FROM emotion_capture ORDER BY id DESC LIMIT 1")
    assert source == [("camera",)]

    page.get_by_role("button", name="Lift").click()
    expect(page.get_by_role("button", name="Lift")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("group", name="not how I felt").get_by_role("button", name="Sadness").click()
    expect(page.get_by_role("heading", level=1, name="You said: sadness")).to_be_visible()
    person.assert_accessible()

    person.open("/history/")
    expect(page.locator(f"a[href='{result.removeprefix(person.stack.url)}']").first).to_be_visible()
    person.assert_accessible()
    page.goto(result)
    page.get_by_role("link", name="Delete this reading").click()
    person.assert_accessible()
    page.locator("main form button[type=submit]").click()
    expect(page).to_have_url(re.compile("/history/"))
    expect(page.locator(f"a[href='{result.removeprefix(person.stack.url)}']")).to_have_count(0)
    for path in ("/privacy/", "/account/", "/accounts/sessions/", "/legal/privacy/", "/legal/ai/", "/legal/terms/"):
        person.open(path)
        person.assert_accessible()
    assert person.complaints == []


def test_a_refused_camera_is_explained_and_the_upload_stays(browser, stack):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack)
    person.register()
    person.consent()
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("[data-stage-status]")).to_contain_text("choose a photo instead")
    expect(page.locator("input[name=photo]")).to_be_enabled()
    context.close()


def test_the_whole_way_without_javascript(browser, stack, tmp_path):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack)
    person.register()
    person.consent()
    face = tmp_path / "face.jpg"
    face.write_bytes(encoded(astronaut()))
    page.locator("input[name=photo]").set_input_files(face)
    page.get_by_role("button", name="Read my expression").click()
    # The page refreshes itself by its header until the result is there.
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".tracks .track")).to_have_count(8)
    page.get_by_role("group", name="not how I felt").get_by_role("button", name="Neutral").click()
    expect(page.get_by_role("heading", level=1, name="You said: neutral")).to_be_visible()

    person.open("/captures/new/")
    empty = tmp_path / "wall.png"
    empty.write_bytes(encoded(picture((640, 480)), "PNG"))
    page.locator("input[name=photo]").set_input_files(empty)
    page.get_by_role("button", name="Read my expression").click()
    expect(page.get_by_role("heading", name="We found no face")).to_be_visible(timeout=PATIENCE)

    person.open("/history/")
    page.locator("main a[href^='/captures/']:not([href*='new'])").first.click()
    page.get_by_role("link", name="Delete this reading").click()
    page.locator("main form button[type=submit]").click()
    expect(page).to_have_url(re.compile("/history/"))
    assert stack.rows("SELECT count(*) FROM emotion_emotionreading") == [(0,)]
    context.close()
