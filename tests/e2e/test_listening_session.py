"""A listening session as a person goes through it: listen along, next, another mode, how do you feel now."""

import datetime
import re

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]


def taps(page, valence, arousal):
    page.locator("label.tap").filter(has_text=re.compile(f"^\\s*{valence}\\s*$")).click()
    page.get_by_role("button", name=arousal, exact=True).click()


def on_track(page, number):
    expect(page.locator(".now__place")).to_contain_text(f"Track {number} of")


@pytest.fixture
def person(browser, stack):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"])
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    found = Person(page, stack)
    found.register()
    found.consent()
    yield found
    context.close()


def test_listen_along_next_another_mode_a_new_reading_and_how_it_changed(person):
    page = person.page
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    page.get_by_role("button", name="Read my expression").click()
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("group", name="not how I felt").get_by_role("button", name="Sadness").click()
    expect(page.get_by_role("heading", level=1, name="You said: sadness")).to_be_visible()

    page.get_by_role("button", name="Listen along").click()
    on_track(page, 1)
    expect(page.locator(".path__step")).to_have_count(8)
    person.assert_accessible()
    page.get_by_text("Say in two taps how you feel at the start").click()
    taps(page, "Bad", "Calm")
    expect(page.get_by_text("another two replace them")).to_be_attached()

    page.get_by_role("button", name="Next").click()
    on_track(page, 2)
    # The page changed in place: the key that was pressed is still the one in focus, and the change was said aloud.
    assert page.evaluate("document.activeElement.id") == "session-next"
    expect(page.locator("#session-says")).to_contain_text("Now:")
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_role("button", name="More like this")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name=re.compile("^Match")).click()
    expect(page.get_by_role("button", name=re.compile("^Match"))).to_have_attribute("aria-pressed", "true")
    for number in (3, 4):
        page.get_by_role("button", name="Next").click()
        on_track(page, number)
    page.get_by_role("button", name="Skip").click()
    on_track(page, 5)
    expect(page.get_by_role("heading", name="There is a way on from here")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("heading", name="How do you feel now?")).to_be_visible()
    person.assert_accessible()
    taps(page, "Good", "Calm")
    expect(page.get_by_role("heading", name="Brighter than before.")).to_be_visible()
    page.get_by_role("button", name="Move on gently").click()
    expect(page.get_by_role("heading", name="There is a way on from here")).to_have_count(0)

    session = page.url
    page.get_by_role("link", name="Take a new reading").click()
    person.assert_accessible()
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    page.get_by_role("button", name="Read my expression").click()
    expect(page).to_have_url(session)
    expect(page.get_by_text("after read from your face")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("button", name=re.compile("^Keep"))).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="End the session").click()
    expect(page.get_by_text("This session has ended.").first).to_be_visible()
    person.assert_accessible()
    page.get_by_role("link", name="Your sessions").click()
    expect(page.locator(f"a[href='{session.removeprefix(person.stack.url)}']")).to_contain_text("than before")
    person.assert_accessible()
    assert person.complaints == []


def at_eleven_in_the_evening():
    """Return a time zone in which it is between 23 and 24 o'clock."""
    east = 23 - datetime.datetime.now(datetime.UTC).hour
    # These zones count against the sun: what lies east of Greenwich has a minus.
    return f"Etc/GMT-{east}" if east <= 14 else f"Etc/GMT+{24 - east}"


def test_the_hour_of_the_reader_is_spoken_of_by_her_own_browser(browser, stack, tmp_path):
    context = browser.new_context(timezone_id=at_eleven_in_the_evening())
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack)
    person.register()
    person.consent()
    face = tmp_path / "face.jpg"
    face.write_bytes(encoded(astronaut()))
    page.locator("input[name=photo]").set_input_files(face)
    page.get_by_role("button", name="Read my expression").click()
    expect(page.locator(".companion")).to_contain_text("It is late, and quiet is allowed.", timeout=PATIENCE)
    person.open("/preferences/")
    page.get_by_label("Say a few kind words").uncheck()
    page.get_by_role("button", name="Save my preferences").click()
    person.open("/history/")
    page.locator("main .entry__link").first.click()
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible()
    expect(page.locator(".companion")).to_have_count(0)
    assert person.complaints == []
    context.close()


def test_a_whole_session_without_javascript(browser, stack, tmp_path):
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
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Listen along").click()
    on_track(page, 1)
    expect(page.locator(".companion")).to_be_visible()
    page.get_by_text("Say in two taps how you feel at the start").click()
    taps(page, "Good", "Lively")
    page.get_by_role("button", name=re.compile("^Shift")).click()
    expect(page.get_by_role("button", name=re.compile("^Shift"))).to_have_attribute("aria-pressed", "true")
    for number in range(2, 9):
        page.get_by_role("button", name="Next").click()
        on_track(page, number)
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".now")).to_have_count(0)
    taps(page, "Good", "Very calm")
    expect(page.get_by_role("heading", name="Calmer than before.")).to_be_visible()
    expect(page.get_by_text("This session has ended.").first).to_be_visible()
    assert person.complaints == []
    context.close()
