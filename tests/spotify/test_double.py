"""The double is as strict as the real one is to a new app; a lenient one would prove nothing."""

import base64

import pytest
import requests

from tests.support.spotify_double import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, Fault, rate_limited, track_id

AUTH = (CLIENT_ID, CLIENT_SECRET)


@pytest.fixture
def call(double):
    token = requests.post(f"{double.url}/api/token", data={"grant_type": "client_credentials"}, auth=AUTH, timeout=5)
    headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
    return lambda method, path, **more: requests.request(
        method, f"{double.url}/v1{path}", headers=headers, timeout=5, **more
    )


@pytest.fixture
def call_as_person(double):
    scope = "playlist-modify-private user-read-playback-state user-modify-playback-state user-top-read"
    query = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "scope": scope,
        "state": "s",
        "code_challenge_method": "S256",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",  # RFC 7636, appendix B
    }
    asked = requests.get(f"{double.url}/authorize", params=query, timeout=5)
    assert "Agree" in asked.text
    back = double.agree(asked.url)
    form = {"grant_type": "authorization_code", "code": back.split("code=")[1].split("&")[0]}
    form |= {"redirect_uri": REDIRECT_URI, "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    token = requests.post(f"{double.url}/api/token", data=form, auth=AUTH, timeout=5).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    return lambda method, path, **more: requests.request(
        method, f"{double.url}/v1{path}", headers=headers, timeout=5, **more
    )


@pytest.mark.parametrize(("limit", "status"), [(1, 200), (10, 200), (11, 400), (50, 400), (-1, 400)])
def test_a_search_for_more_than_ten_is_refused(call, limit, status):
    query = {"q": 'track:"a" artist:"b"', "type": "track", "limit": limit}
    assert call("GET", "/search", params=query).status_code == status


@pytest.mark.parametrize(
    "line",
    [
        "GET /recommendations",
        "GET /recommendations/available-genre-seeds",
        "GET /audio-features/1",
        "GET /audio-analysis/1",
        "GET /artists/1/related-artists",
        "GET /artists/1/top-tracks",
        "GET /tracks?ids=1,2",
        "GET /tracks/?ids=1,2",
        "GET /browse/new-releases",
        "GET /browse/featured-playlists",
        "GET /markets",
        "GET /users/somebody",
        "POST /users/somebody/playlists",
        "GET /playlists/1/tracks",
        "POST /playlists/1/tracks",
        "PUT /me/tracks",
        "DELETE /me/tracks",
        "GET /me/tracks/contains",
    ],
)
def test_what_was_removed_is_forbidden(call, line):
    assert call(*line.split(" ")).status_code == 403


def test_a_person_is_read_with_and_without_the_slash_and_not_with_the_apps_own_token(call, call_as_person):
    assert call("GET", "/me/").status_code == 403
    for path in ("/me/", "/me"):
        body = call_as_person("GET", path).json()
        assert body["account_id"]
        assert not {"email", "product", "country"} & set(body)


def test_a_playlist_is_filled_at_items_with_an_object_of_uris(call_as_person):
    made = call_as_person("POST", "/me/playlists", json={"name": "x", "public": False})
    assert made.status_code == 201
    path = f"/playlists/{made.json()['id']}/items"
    uri = f"spotify:track:{track_id('a', 'b')}"
    assert call_as_person("POST", path, json={"uris": [uri]}).status_code == 201
    assert call_as_person("POST", path, json=[uri]).status_code == 400
    assert call_as_person("POST", path, json={"uris": [uri] * 101}).status_code == 400
    assert call_as_person("PUT", path, json={"uris": [uri]}).status_code == 200


def test_a_playlist_is_public_unless_it_says_otherwise_and_that_was_not_asked_for(call_as_person):
    assert call_as_person("POST", "/me/playlists", json={"name": "x"}).status_code == 403


def test_the_player_answers_with_nothing(double, call_as_person):
    body = {"uris": [f"spotify:track:{track_id('a', 'b')}"]}
    answer = call_as_person("PUT", "/me/player/play", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    double.premium = False
    assert call_as_person("PUT", "/me/player/play", json=body).json()["error"]["reason"] == "PREMIUM_REQUIRED"


def test_a_wrong_secret_verifier_code_or_redirect_gets_no_token(double):
    wrong = requests.post(
        f"{double.url}/api/token", data={"grant_type": "client_credentials"}, auth=("x", "y"), timeout=5
    )
    assert wrong.json()["error"] == "invalid_client"
    challenge = base64.urlsafe_b64encode(b"x" * 32).decode().rstrip("=")
    url = f"{double.url}/authorize?response_type=code&client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}&state=s"
    code = double.agree(f"{url}&code_challenge_method=S256&code_challenge={challenge}").split("code=")[1].split("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": "wrong"}
    for _ in range(2):
        answer = requests.post(f"{double.url}/api/token", data=form, auth=AUTH, timeout=5)
        assert answer.json()["error"] == "invalid_grant"
    elsewhere = requests.get(url.replace("8000", "9000"), timeout=5)
    assert elsewhere.status_code == 400


def test_faults_come_once_each_in_their_order_and_only_where_they_were_meant(double, call):
    double.script(r"GET /v1/search", rate_limited(7), rate_limited(None, "QUOTA_EXCEEDED"), Fault(200, "<html>"))
    assert call("GET", "/markets").status_code == 403
    first, second, third, fourth = (call("GET", "/search", params={"q": "x", "type": "track"}) for _ in range(4))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "7")
    assert "Retry-After" not in second.headers
    assert second.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert third.text == "<html>"
    assert fourth.status_code == 200
