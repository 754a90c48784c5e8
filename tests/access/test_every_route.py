"""Every address of the site against everybody who should not get through it."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from emotion.models import Capture, EmotionReading
from recommendations.models import ListeningSession, SessionMood, SessionTrack
from recommendations.services import set_build
from recommendations.sessions import session_start
from tests.factories import CaptureFactory, ReadingFactory, UserFactory
from tests.support.staff import staff_log_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _spotify_is_set_up(settings):
    """Let the pages exist that only a site with Spotify has; nobody answers there."""
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = "client", "secret"
    settings.SPOTIFY_REDIRECT_URI = "http://127.0.0.1:8000/spotify/callback/"
    settings.SPOTIFY_API_URL, settings.SPOTIFY_ACCOUNTS_URL = "http://127.0.0.1:9/v1/", "http://127.0.0.1:9/"


PUBLIC = {
    "home",
    "favicon",
    "health_live",
    "health_ready",
    "privacy_notice",
    "terms",
    "ai_notice",
    "accessibility",
    "erase_started",
    "cookies",
    "gpc",
    "retention",
}
# Ask a person to log in, and show her only what is hers.
PERSONAL = {
    "account_settings",
    "privacy_centre",
    "consent",
    "consent_switch",
    "capture_new",
    "history",
    "preferences",
    "own_music",
    "own_music_delete",
    "session_list",
    "erase",
    "export",
    "export_cancel",
    "export_status",
    "history_csv",
    "history_import",
    "pictures_set",
    "limit_set",
    "receipt",
    "receipt_json",
    "erase_cancel",
    "spotify_settings",
    "spotify_connect",
    "spotify_callback",
    "spotify_disconnect",
}
READ_ONLY = {
    "receipt",
    "receipt_json",
    "history_csv",
    "account_settings",
    "privacy_centre",
    "history",
    "session_list",
    "export_status",
    "spotify_settings",
    "spotify_callback",
}
POST_ONLY = {
    "pictures_set",
    "limit_set",
    "consent_switch",
    "erase_cancel",
    "export_cancel",
    "own_music_delete",
    "spotify_connect",
    "spotify_disconnect",
}
API = {"api_captures", "api_schema"}
# Carry the public id of a capture. The value is the method that does something.
OWNED = {
    "result": "get",
    "capture_status": "get",
    "capture_crop": "get",
    "capture_delete": "post",
    "reading_correct": "post",
    "set_mode": "post",
    "set_renew": "post",
    "track_feedback": "post",
    "session_start": "post",
    "spotify_playlist": "post",
    "spotify_play": "post",
    "spotify_order": "get",
}
# Carry the public id of a listening session.
OWNED_SESSION = {
    "session": "get",
    "session_next": "post",
    "session_word": "post",
    "session_mode": "post",
    "session_mood": "post",
    "session_reading": "post",
    "session_end": "post",
    "spotify_session_playlist": "post",
    "spotify_session_play": "post",
}
OWNED_POST_ONLY = {
    "reading_correct",
    "session_start",
    "set_mode",
    "set_renew",
    "spotify_play",
    "spotify_playlist",
    "track_feedback",
}
OWNED_API = {"api_capture"}
# Carry the public id of something else; tests beside what they do try them as a stranger and as somebody else.
OWNED_ELSEWHERE = {
    "export_download": "tests/privacy/test_export.py",
    "told_mood_delete": "tests/emotion/test_history.py",
}


def own_routes(patterns=None):
    """Return the names of all addresses but allauth's and the admin's, which their own tests cover."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if str(pattern.pattern) not in {"accounts/", "admin/"}:
                yield from own_routes(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield pattern.name


ADMIN_PUBLIC = {"login", "logout", "jsi18n", "password_change", "password_change_done"}
# allauth's pages for people who are not logged in.
ENTRANCE = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}


def addresses_below(prefix, without):
    """Return the addresses of other people's apps below a prefix, with something plausible in their holes."""
    filled = {
        "public_id": "00000000-0000-4000-8000-000000000000",
        "object_id": "1",
        "uidb36": "1",
        "key": "x",
        "app_label": "accounts",
        "content_type_id": "1",
        "url": "x",
    }
    found = []

    def walk(patterns, before):
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns, before + str(pattern.pattern))
            elif pattern.name not in without:
                found.append(before + str(pattern.pattern))

    walk([p for p in get_resolver().url_patterns if str(p.pattern) == prefix], "/")
    return [_fill(address, filled) for address in found]


def _fill(address, values):
    import re

    address = re.sub(r"<(?:\w+:)?(\w+)>", lambda hole: values.get(hole[1], "1"), address)
    address = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda hole: values.get(hole[1], "1"), address)
    return re.sub(r"[\^$?]|\\Z|\(|\)|\.\*", "", address)


@pytest.mark.parametrize("rights", [None, {}, {"is_staff": True}], ids=["anonymous", "somebody", "weak staff"])
def test_statement_12_nobody_without_rights_gets_at_a_page_of_the_admin(client, rights):
    if rights is not None:
        # With a second factor and a fresh password: it is the right that is missing.
        staff_log_in(client, UserFactory(**rights), reauthenticated=True)
    pages = addresses_below("admin/", ADMIN_PUBLIC | {"index", "app_list", "view_on_site", None})
    assert len(pages) > 30
    for page in pages:
        for answer in (client.get(page), client.post(page)):
            # A row that is not there: the admin says so on its front page.
            elsewhere = (reverse("admin:login"), reverse("account_login"), f"{reverse('admin:index')}#")
            led = f"{answer.headers.get('Location', '')}#".startswith(elsewhere)
            refused = answer.status_code in {403, 404, 405} or (answer.status_code == 302 and led)
            assert refused, f"{page} {answer.status_code} {answer.headers.get('Location')}"


def test_statement_12_nobody_gets_at_a_page_of_an_account_without_logging_in(client):
    pages = addresses_below("accounts/", ENTRANCE)
    assert reverse("usersessions_list") in pages
    for page in pages:
        for answer in (client.get(page), client.post(page)):
            assert answer.status_code in {302, 404}, page
            assert answer.status_code == 404 or answer.url.startswith(reverse("account_login")), page


def test_every_route_stands_in_one_table():
    tables = [PUBLIC, PERSONAL, API, set(OWNED), set(OWNED_SESSION), OWNED_API, set(OWNED_ELSEWHERE)]
    assert set(own_routes()) == set().union(*tables)
    assert sum(map(len, tables)) == len(set().union(*tables))


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_anybody_sees_a_public_page(client, name):
    assert client.get(reverse(name)).status_code == (302 if name == "favicon" else 200)


@pytest.mark.parametrize("name", sorted(PERSONAL))
def test_a_stranger_is_asked_to_log_in(client, name):
    answer = client.post(reverse(name)) if name in POST_ONLY else client.get(reverse(name))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OWNED))
def test_a_stranger_is_asked_to_log_in_for_a_capture(client, name):
    reading = ReadingFactory()
    answer = getattr(client, OWNED[name])(reverse(name, args=[reading.capture.public_id]))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OWNED))
@pytest.mark.parametrize("staff", [False, True])
def test_somebody_elses_capture_does_not_exist(client, amy, bob, name, staff):
    reading = ReadingFactory(capture__user=amy)
    before = (Capture.objects.values().get(), EmotionReading.objects.values().get())
    bob.is_staff = bob.is_superuser = staff
    bob.save()
    client.force_login(bob)
    data = {"emotion": "sadness", "mode": "lift"}
    for method in {"get", OWNED[name]}:
        answer = getattr(client, method)(reverse(name, args=[reading.capture.public_id]), data)
        assert answer.status_code == (405 if method == "get" and name in OWNED_POST_ONLY else 404)
    assert (Capture.objects.values().get(), EmotionReading.objects.values().get()) == before


@pytest.fixture
def session_of_amy(amy, catalogue):
    reading = ReadingFactory(capture__user=amy, emotion="sadness")
    set_build(reading_id=reading.pk)
    return session_start(user=amy, reading=reading)


@pytest.mark.parametrize("name", sorted(OWNED_SESSION))
def test_a_stranger_is_asked_to_log_in_for_a_session(client, session_of_amy, name):
    answer = getattr(client, OWNED_SESSION[name])(reverse(name, args=[session_of_amy.public_id]))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", sorted(OWNED_SESSION))
@pytest.mark.parametrize("staff", [False, True])
def test_somebody_elses_session_does_not_exist(client, session_of_amy, bob, name, staff):
    def everything():
        models = (ListeningSession, SessionTrack, SessionMood, Capture)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = everything()
    bob.is_staff = bob.is_superuser = staff
    bob.save()
    client.force_login(bob)
    data = {"rank": "1", "what": "skip", "mode": "lift", "moment": "after", "valence": "5", "arousal": "5"}
    for method in {"get", OWNED_SESSION[name]}:
        answer = getattr(client, method)(reverse(name, args=[session_of_amy.public_id]), data)
        only_posts = name not in {"session", "session_reading"}
        assert answer.status_code == (405 if method == "get" and only_posts else 404)
    assert everything() == before


@pytest.mark.parametrize("name", sorted(OWNED_SESSION))
def test_a_session_that_never_was_looks_like_somebody_elses(as_amy, name):
    missing = "00000000-0000-4000-8000-000000000000"
    assert getattr(as_amy, OWNED_SESSION[name])(reverse(name, args=[missing])).status_code == 404


@pytest.mark.parametrize("name", sorted(OWNED))
def test_an_id_that_never_was_looks_like_somebody_elses(as_amy, name):
    missing = "00000000-0000-4000-8000-000000000000"
    assert getattr(as_amy, OWNED[name])(reverse(name, args=[missing])).status_code == 404


def test_the_api_refuses_strangers_and_hides_others_captures(client, amy, bob):
    theirs = reverse("api_capture", args=[ReadingFactory(capture__user=amy).capture.public_id])
    assert client.get(theirs).status_code == 403
    assert client.post(reverse("api_captures")).status_code == 403
    client.force_login(bob)
    assert client.get(theirs).status_code == 404
    assert client.delete(theirs).status_code == 404
    assert Capture.objects.count() == 1


def test_lists_show_only_what_is_ones_own(as_amy, amy, bob):
    mine, theirs = ReadingFactory(capture__user=amy), ReadingFactory(capture__user=bob)
    for name in ("history", "capture_new"):
        page = as_amy.get(reverse(name)).content.decode()
        assert str(mine.capture.public_id) in page
        assert str(theirs.capture.public_id) not in page


@pytest.mark.parametrize("name", ["capture_delete"])
def test_a_page_that_only_asks_deletes_nothing(as_amy, amy, name):
    capture = CaptureFactory(user=amy, status="done")
    assert as_amy.get(reverse(name, args=[capture.public_id])).status_code == 200
    assert Capture.objects.count() == 1


def test_no_route_accepts_a_form_without_its_token(amy):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(amy)
    public_id = ReadingFactory(capture__user=amy).capture.public_id
    for name in ("capture_delete", *OWNED_POST_ONLY):
        assert strict.post(reverse(name, args=[public_id]), {"emotion": "fear", "mode": "lift"}).status_code == 403
    for name in sorted((PERSONAL - READ_ONLY) | {"account_logout"}):
        assert strict.post(reverse(name)).status_code == 403


def test_only_the_capture_pages_may_use_the_camera(as_amy, session_of_amy):
    assert "camera=(self)" in as_amy.get(reverse("capture_new"))["Permissions-Policy"]
    session = [session_of_amy.public_id]
    assert "camera=(self)" in as_amy.get(reverse("session_reading", args=session))["Permissions-Policy"]
    assert "camera=()" in as_amy.get(reverse("session", args=session))["Permissions-Policy"]
    for name in ("history", "privacy_centre", "account_settings"):
        assert "camera=()" in as_amy.get(reverse(name))["Permissions-Policy"]


def test_personal_pages_are_in_nobodys_cache(as_amy, amy):
    public_id = ReadingFactory(capture__user=amy).capture.public_id
    addresses = [reverse(name) for name in ("history", "privacy_centre", "capture_new", "preferences")]
    for address in [*addresses, reverse("result", args=[public_id]), reverse("capture_status", args=[public_id])]:
        assert "no-store" in as_amy.get(address)["Cache-Control"]


def test_the_policy_allows_no_inline_script_or_style(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
