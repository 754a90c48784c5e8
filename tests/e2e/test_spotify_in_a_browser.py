"""Connect, find, play, save, disconnect: a person's way with Spotify, against the double, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.person import PATIENCE, Person
from tests.support.pictures import astronaut, encoded, picture
from tests.support.spotify_double import CLIENT_ID, CLIENT_SECRET, SpotifyDouble
from tests.support.stack import Stack, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.worker, pytest.mark.model]
COVERS, PLAYER = "https://i.scdn.co/", "https://open.spotify.com/"


@pytest.fixture(scope="module")
def double():
    running = SpotifyDouble().start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stack(tmp_path_factory, double):
    running = Stack(tmp_path_factory.mktemp("site"))
    double.redirect_uri = f"{running.url}/spotify/callback/"
    running.environment |= {
        "SPOTIFY_CLIENT_ID": CLIENT_ID,
        "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
        "SPOTIFY_REDIRECT_URI": double.redirect_uri,
        "SPOTIFY_API_URL": f"{double.url}/v1/",
        "SPOTIFY_ACCOUNTS_URL": f"{double.url}/",
    }
    try:
        running.prepare().start_all()
        running.start("spotify")
        yield running
    finally:
        running.stop()


@pytest.fixture
def person(browser, stack, double):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    cover = encoded(picture((300, 300)), "PNG")
    # Nobody leaves the machine: covers and player are answered here.
    context.route(f"{COVERS}**", lambda route: route.fulfill(body=cover, content_type="image/png"))
    context.route(f"{PLAYER}**", lambda route: route.fulfill(body="<!DOCTYPE html><title>Player</title>"))
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.set_default_timeout(PATIENCE)
    yield Person(page, stack, others=(double.url, COVERS, PLAYER))
    context.close()


def test_connect_find_play_save_disconnect(person, double, tmp_path):
    page = person.page
    person.register()
    person.consent()
    face = tmp_path / "face.jpg"
    face.write_bytes(encoded(astronaut()))
    page.locator("input[name=photo]").set_input_files(face)
    page.get_by_role("button", name="Read my expression").click()
    expect(page.get_by_role("heading", level=1, name="Looks like happiness")).to_be_visible(timeout=PATIENCE)
    result = page.url

    # The worker finds the songs a moment later.
    wait_for(
        lambda: person.stack.rows("SELECT count(*) FROM recommendations_spotifytrack WHERE uri <> ''") == [(8,)],
        "all eight songs to be found",
    )
    page.goto(result)
    expect(page.locator(".spotify__cover img")).to_have_count(8)
    expect(page.locator("iframe")).to_have_count(0)
    person.assert_accessible()
    page.get_by_role("link", name="Play here").nth(2).click()
    player = page.locator("iframe")
    expect(player).to_have_attribute("src", re.compile(r"^https://open\.spotify\.com/embed/track/[0-9A-Za-z]{22}$"))
    person.assert_accessible()

    page.get_by_role("link", name="Connect Spotify to save this").click()
    person.assert_accessible()
    page.get_by_label("Also let me order lists").check()
    page.get_by_role("button", name="Agree and connect").click()
    page.get_by_role("link", name="Agree").click()
    expect(page.get_by_role("heading", name="Your account is connected")).to_be_visible()
    assert page.url == f"{person.stack.url}/spotify/", "the code is in no address that stays"
    person.assert_accessible()

    page.goto(result)
    page.get_by_role("button", name="Save as private playlist").click()
    expect(page.get_by_text("Saved as a private playlist")).to_be_visible()
    (playlist,) = double.playlists.values()
    assert playlist["public"] is False
    assert len(playlist["uris"]) == 8
    expect(page.get_by_role("link", name="Open your playlist")).to_have_attribute(
        "href", re.compile(r"^https://open\.spotify\.com/playlist/\w+$")
    )
    page.get_by_role("button", name="Play on my device").click()
    expect(page.get_by_text("Playing on Kitchen")).to_be_visible()
    assert double.played[0]["uris"] == playlist["uris"]
    person.assert_accessible()
    page.get_by_role("link", name="What I play most first").click()
    expect(page.locator(".tracks .track")).to_have_count(8)
    person.assert_accessible()

    page.goto(result)
    page.get_by_role("button", name="Listen along").click()
    page.get_by_role("button", name="Save as private playlist").click()
    expect(page.get_by_text("Saved as a private playlist")).to_be_visible()
    assert len(double.playlists) == 2
    person.assert_accessible()

    person.open("/account/")
    page.get_by_role("link", name="Spotify").first.click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("Disconnected.")).to_be_visible()
    assert person.stack.rows("SELECT count(*) FROM accounts_connectedservice") == [(0,)]
    assert person.stack.rows("SELECT count(*) FROM recommendations_savedplaylist") == [(0,)]
    page.goto(result)
    expect(page.get_by_role("link", name="Connect Spotify to save this")).to_be_visible()
    assert person.complaints == []


def test_saying_no_at_spotify_connects_nothing_without_javascript_too(browser, stack, double):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    person = Person(page, stack, others=(double.url,))
    person.register()
    person.consent()
    person.open("/spotify/")
    page.get_by_role("button", name="Agree and connect").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_text("Nothing was connected")).to_be_visible()
    expect(page.get_by_role("button", name="Agree and connect")).to_be_visible()
    assert person.complaints == []
    context.close()
