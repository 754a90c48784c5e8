"""Preferences and words about songs, as a person gives them: with and without JavaScript."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]


def visit(browser, stack, **options):
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    return Person(page, stack), context


def read_a_face(person, tmp_path):
    face = tmp_path / "face.jpg"
    face.write_bytes(encoded(astronaut()))
    person.page.locator("input[name=photo]").set_input_files(face)
    person.page.get_by_role("button", name="Read my expression").click()
    expect(person.page.locator(".tracks .track")).to_have_count(8, timeout=PATIENCE)


def test_preferences_and_words_shape_the_next_songs(browser, stack, tmp_path):
    person, context = visit(browser, stack)
    page = person.page
    person.register()
    person.consent()
    read_a_face(person, tmp_path)
    first = page.locator(".track").first
    first.get_by_role("button", name="More like this").click()
    expect(first.get_by_role("button", name="More like this")).to_have_attribute("aria-pressed", "true")
    expect(first.get_by_role("status")).to_contain_text("Noted")
    first.get_by_text("The numbers").click()
    expect(first.locator(".numbers__list")).to_be_visible()
    person.assert_accessible()
    page.get_by_role("button", name="Choose other songs").click()
    expect(page.locator(".track__reason", has_text="Because you asked for more like")).not_to_have_count(0)

    page.get_by_role("link", name="Music preferences").click()
    expect(page).to_have_url(re.compile("/preferences/"))
    page.get_by_label("jazz", exact=True).check()
    page.get_by_label("Artists never to play").fill("ABBA")
    person.assert_accessible()
    page.get_by_role("button", name="Save my preferences").click()
    expect(page.get_by_text("Your next set follows your preferences")).to_be_visible()
    expect(page).to_have_url(re.compile("/captures/"))
    assert person.complaints == []
    context.close()


def test_words_are_given_and_taken_back_without_javascript(browser, stack, tmp_path):
    person, context = visit(browser, stack, java_script_enabled=False)
    person.register()
    person.consent()
    read_a_face(person, tmp_path)
    like = person.page.locator(".track").nth(2).get_by_role("button", name="Like", exact=True)
    like.click()
    expect(person.page).to_have_url(re.compile("#track-3$"))
    expect(like).to_have_attribute("aria-pressed", "true")
    like.click()
    expect(like).to_have_attribute("aria-pressed", "false")
    context.close()
