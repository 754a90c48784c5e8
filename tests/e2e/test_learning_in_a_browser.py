"""A person lets the network learn from her, confirms a reading in one tap, and takes it all back in another."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]
SAMPLES = """SELECT status, label, origin, image FROM emotion_trainingsample
    WHERE user_id = (SELECT max(id) FROM accounts_user)"""


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def person(request, browser, stack):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=request.param)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    if request.param:
        page.emulate_media(reduced_motion="reduce")
    yield Person(page, stack)
    context.close()


def test_allow_learning_confirm_a_reading_and_take_it_back(person, stack, request):
    page, scripted = person.page, "without" not in request.node.name
    person.register()
    expect(page.get_by_label("Improve the model with my corrections")).not_to_be_checked()
    if scripted:
        person.assert_accessible()
    page.get_by_label("Improve the model with my corrections").check()
    person.consent()

    page.locator("input[type=file]").set_input_files(
        {"name": "face.jpg", "mimeType": "image/jpeg", "buffer": encoded(astronaut())}
    )
    page.get_by_role("button", name="Read my expression").click()
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("waits for your word on this reading")).to_be_visible()
    [(*said, name)] = stack.rows(SAMPLES)
    assert said == ["waiting", "", ""]
    page.get_by_role("button", name=re.compile("^That.s right$")).press("Enter")
    expect(page.get_by_role("heading", level=1, name="You said: happiness")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^That.s right$"))).to_have_count(0)
    expect(page.get_by_text("is kept with your word, so that the model can learn from it")).to_be_visible()
    assert stack.rows(SAMPLES) == [("pending", "happiness", "confirmed", name)]
    assert (stack.folder / "media" / name).exists()
    if scripted:
        person.assert_accessible()

    person.open("/privacy/")
    switch = page.get_by_role("switch", name="Improve the model with my corrections")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    assert stack.rows(SAMPLES) == []
    assert not (stack.folder / "media" / name).exists()
    page.get_by_role("link", name="See and delete readings").click()
    expect(page).to_have_url(re.compile("/history/"))
    expect(page.get_by_text("1 reading so far.")).to_be_visible()
    assert person.complaints == []
