"""A Spotify of our own: accounts service and Web API on one local port, as strict as the real one is to a new app.

Tests start it inside their process and script what goes wrong. As a program it serves a site in development:

    python -m tests.support.spotify_double --port 8899 --redirect-uri http://127.0.0.1:8000/spotify/callback/

It knows any song that it is asked for, and lists a karaoke, a live and a tribute version before the right one.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "double-client", "double-secret"
REDIRECT_URI = "http://127.0.0.1:8000/spotify/callback/"
SEARCH_LIMIT, SEARCH_DEFAULT, SEARCH_OFFSET = 10, 5, 1000

# What a new app may no longer call: closed on 2024-11-27, or removed in February and March 2026.
REMOVED = [
    r"GET /v1/recommendations(/.*)?",
    r"GET /v1/audio-(features|analysis)(/.*)?",
    r"GET /v1/artists/\w+/(related-artists|top-tracks)",
    r"GET /v1/(tracks|albums|artists|shows|episodes|audiobooks|chapters)/?",
    r"GET /v1/browse/.*",
    r"GET /v1/markets",
    r"\w+ /v1/users/.*",
    r"\w+ /v1/playlists/\w+/(tracks|followers)(/.*)?",
    r"(PUT|DELETE) /v1/me/(tracks|albums|shows|episodes|audiobooks|following)(/.*)?",
    r"GET /v1/me/(tracks|albums|shows|episodes|audiobooks|following)/contains",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Say what one request gets instead of its answer: a status with a body, after `stall` seconds."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    stall: float = 0.0


def rate_limited(retry_after: int | None, reason: str = "") -> Fault:
    """Return a 429, with or without Retry-After and a reason."""
    error: dict[str, Any] = {"status": 429, "message": "API rate limit exceeded"} | (
        {"reason": reason} if reason else {}
    )
    return Fault(429, {"error": error}, {"Retry-After": str(retry_after)} if retry_after is not None else {})


@dataclass(frozen=True, slots=True)
class Seen:
    """Record one request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Refusal(Exception):
    """Mark a request that gets an error for an answer."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


def refusal(status: int, message: str, reason: str = "") -> Refusal:
    """Return an error in the Web API's form."""
    return Refusal(status, {"error": {"status": status, "message": message} | ({"reason": reason} if reason else {})})


def oauth_refusal(error: str, description: str) -> Refusal:
    """Return an error in the accounts service's form, where `error` is a string."""
    return Refusal(400, {"error": error, "error_description": description})


def track_id(name: str, artist: str) -> str:
    """Return the id of a recording: 22 letters and digits, always the same."""
    digest = hashlib.sha256(f"{name}|{artist}".encode()).hexdigest()
    return digest[:22]


def track_object(name: str, artists: list[str], album: str, year: int = 1999) -> dict[str, Any]:
    """Return a track as the Web API describes it to a new app: no popularity, no preview, no markets."""
    identity = track_id(name, artists[0])
    return {
        "type": "track",
        "id": identity,
        "uri": f"spotify:track:{identity}",
        "name": name,
        "artists": [{"name": artist, "type": "artist"} for artist in artists],
        "album": {
            "name": album,
            "release_date": f"{year}-01-01",
            "images": [
                {"url": f"https://i.scdn.co/image/{identity}{size}", "width": size, "height": size}
                for size in (640, 300, 64)
            ],
        },
        "explicit": False,
        "is_playable": True,
        "external_urls": {"spotify": f"https://open.spotify.com/track/{identity}"},
    }


def versions(title: str, artist: str) -> list[dict[str, Any]]:
    """Return what a search for a recording finds: wrong versions first."""
    return [
        track_object(f"{title} - Karaoke Version", ["Karaoke Stars"], "Karaoke Hits"),
        track_object(f"{title} - Live at the Arena", [artist], "Live at the Arena"),
        track_object(title, [f"A Tribute to {artist}"], "The Tribute"),
        track_object(title, [artist], "The Album"),
        track_object(f"{title} (Club Remix)", [artist, "Some DJ"], "The Remixes"),
    ]


class SpotifyDouble:
    """Hold what the two services know, and the script of what goes wrong."""

    def __init__(self, *, port: int = 0, redirect_uri: str = REDIRECT_URI) -> None:
        self.redirect_uri = redirect_uri
        self.account_id = "double-account"
        self.premium = True
        self.devices: list[dict[str, Any]] = [
            {"id": "device1", "name": "Kitchen", "is_active": True, "is_restricted": False, "type": "Speaker"}
        ]
        self.top_tracks: list[dict[str, Any]] = []
        self.rotate_refresh_tokens = False
        self.token_seconds = 3600
        self.find: Callable[[str, str], list[dict[str, Any]]] = versions
        self.seen: list[Seen] = []
        self.playlists: dict[str, dict[str, Any]] = {}
        self.played: list[dict[str, Any]] = []
        self._faults: list[tuple[str, Fault]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._access: dict[str, dict[str, Any]] = {}
        self._refresh: dict[str, str] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> SpotifyDouble:
        """Serve in a thread."""
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def serve(self) -> None:
        """Serve until interrupted."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Stop serving; whoever is stalled is let go."""
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def script(self, path: str, *faults: Fault) -> None:
        """Answer the next requests for a path (a regular expression over `METHOD /path`) with faults, one each."""
        with self._lock:
            self._faults += [(path, fault) for fault in faults]

    def requests(self, path: str = "") -> list[Seen]:
        """Return the requests so far whose `METHOD /path` matches."""
        with self._lock:
            return [one for one in self.seen if re.search(path, f"{one.method} {one.path}")]

    def agree(self, authorize_url: str) -> str:
        """Say yes as the person at the consent page would; return the address she is sent back to."""
        query = dict(parse_qsl(urlsplit(authorize_url).query))
        self._check_authorize(query)
        return self._agreed(query)

    def expire_access_tokens(self) -> None:
        """Let every access token end now."""
        with self._lock:
            self._access.clear()

    def revoke_refresh_tokens(self) -> None:
        """Let every refresh token end, as six months after consent."""
        with self._lock:
            self._refresh.clear()

    # The accounts service.

    def _check_authorize(self, query: dict[str, str]) -> None:
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": self.redirect_uri}
        for name, value in wanted.items():
            if query.get(name) != value:
                raise Refusal(400, f"{name}: Invalid")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise Refusal(400, "code_challenge: Invalid")
        if not query.get("state"):
            raise Refusal(400, "state: Missing")

    def _agreed(self, query: dict[str, str]) -> str:
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def authorize(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        """Ask the person, or send her back with her answer."""
        self._check_authorize(request.query)
        if request.path.endswith("/agree"):
            return 302, "", {"Location": self._agreed(request.query)}
        if request.path.endswith("/cancel"):
            query = urlencode({"error": "access_denied", "state": request.query["state"]})
            return 302, "", {"Location": f"{request.query['redirect_uri']}?{query}"}
        query = html.escape(urlencode(request.query))
        scopes = html.escape(request.query.get("scope", ""))
        page = (
            "<!DOCTYPE html><html lang=en><title>Agree</title><h1>Agree that the app may do this?</h1>"
            f"<p>{scopes}</p><a href='/authorize/agree?{query}'>Agree</a> "
            f"<a href='/authorize/cancel?{query}'>Cancel</a>"
        )
        return 200, page, {"Content-Type": "text/html; charset=utf-8"}

    def token(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        """Give tokens for a code, a refresh token or the app's own secret."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            raise oauth_refusal("invalid_client", "Invalid client")
        form = request.body if isinstance(request.body, dict) else {}
        with self._lock:
            if form.get("grant_type") == "client_credentials":
                return 200, self._issue("app", ""), {}
            if form.get("grant_type") == "authorization_code":
                return 200, self._exchange(form), {}
            if form.get("grant_type") == "refresh_token":
                return 200, self._refreshed(form), {}
        raise oauth_refusal("unsupported_grant_type", "grant_type must be one of the three")

    def _exchange(self, form: dict[str, str]) -> dict[str, Any]:
        given = self._codes.pop(form.get("code", ""), None)
        if given is None:
            raise oauth_refusal("invalid_grant", "Invalid authorization code")
        if form.get("redirect_uri") != given["redirect_uri"]:
            raise oauth_refusal("invalid_grant", "Invalid redirect URI")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != given["code_challenge"]:
            raise oauth_refusal("invalid_grant", "code_verifier was incorrect")
        refresh = secrets.token_urlsafe(40)
        self._refresh[refresh] = given.get("scope", "")
        return self._issue("user", given.get("scope", "")) | {"refresh_token": refresh}

    def _refreshed(self, form: dict[str, str]) -> dict[str, Any]:
        scope = self._refresh.get(form.get("refresh_token", ""))
        if scope is None:
            raise oauth_refusal("invalid_grant", "Refresh token revoked")
        if not self.rotate_refresh_tokens:
            return self._issue("user", scope)
        del self._refresh[form["refresh_token"]]
        rotated = secrets.token_urlsafe(40)
        self._refresh[rotated] = scope
        return self._issue("user", scope) | {"refresh_token": rotated}

    def _issue(self, kind: str, scope: str) -> dict[str, Any]:
        access = secrets.token_urlsafe(60)
        self._access[access] = {"kind": kind, "scope": scope, "until": time.monotonic() + self.token_seconds}
        return {"access_token": access, "token_type": "Bearer", "expires_in": self.token_seconds, "scope": scope}

    # The Web API.

    def api(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        """Answer one call, if the token, its scope and the rules allow it."""
        bearer = request.headers.get("authorization", "")
        with self._lock:
            token = self._access.get(bearer.removeprefix("Bearer "))
        if not bearer.startswith("Bearer "):
            raise refusal(401, "No token provided")
        if token is None or token["until"] < time.monotonic():
            raise refusal(401, "The access token expired")
        line = f"{request.method} {request.path}"
        if any(re.fullmatch(removed, line) for removed in REMOVED):
            raise refusal(403, "Forbidden")
        for pattern, scope, answer in self._routes():
            if found := re.fullmatch(pattern, line):
                if scope and token["kind"] != "user":
                    raise refusal(403, "User authorization required")
                if scope not in {"", "user"} and scope not in token["scope"].split():
                    raise refusal(403, "Insufficient client scope")
                with self._lock:
                    return answer(request, *found.groups())
        raise refusal(404, "Service not found")

    def _routes(self) -> list[tuple[str, str, Callable[..., tuple[int, Any, dict[str, str]]]]]:
        return [
            (r"GET /v1/search", "", self._search),
            (r"GET /v1/me/?", "user", self._me),
            (r"GET /v1/me/top/tracks", "user-top-read", self._top),
            (r"GET /v1/me/player/devices", "user-read-playback-state", self._devices),
            (r"PUT /v1/me/player/play", "user-modify-playback-state", self._play),
            (r"POST /v1/me/playlists", "playlist-modify-private", self._playlist_create),
            (r"(POST|PUT) /v1/playlists/(\w+)/items", "playlist-modify-private", self._playlist_items),
        ]

    def _search(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        q = request.query.get("q", "")
        limit = _number(request.query.get("limit", str(SEARCH_DEFAULT)))
        offset = _number(request.query.get("offset", "0"))
        if not q or request.query.get("type") != "track":
            raise refusal(400, "No search query" if not q else "Bad search type field")
        if not 0 <= limit <= SEARCH_LIMIT:
            raise refusal(400, "Invalid limit")
        if not 0 <= offset <= SEARCH_OFFSET:
            raise refusal(400, "Invalid offset")
        title, artist = (re.search(rf'{name}:"([^"]*)"', q) for name in ("track", "artist"))
        found = self.find(title[1], artist[1]) if title and artist else []
        page = found[offset : offset + limit]
        return 200, {"tracks": {"items": page, "limit": limit, "offset": offset, "total": len(found), "next": None}}, {}

    def _me(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        return 200, {"account_id": self.account_id, "id": "somebody", "display_name": "Somebody", "type": "user"}, {}

    def _top(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        limit = _number(request.query.get("limit", "20"))
        if not 1 <= limit <= 50:
            raise refusal(400, "Invalid limit")
        if request.query.get("time_range", "medium_term") not in {"short_term", "medium_term", "long_term"}:
            raise refusal(400, "Invalid time range")
        return 200, {"items": self.top_tracks[:limit], "total": len(self.top_tracks), "next": None}, {}

    def _devices(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        return 200, {"devices": self.devices}, {}

    def _play(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        if not self.premium:
            raise refusal(403, "Player command failed: Premium required", "PREMIUM_REQUIRED")
        wanted = request.query.get("device_id")
        if not any(each["id"] == wanted if wanted else each["is_active"] for each in self.devices):
            raise refusal(404, "Player command failed: No active device found", "NO_ACTIVE_DEVICE")
        self.played.append({"device_id": wanted, "uris": _uris(request.body)})
        return 204, "", {}

    def _playlist_create(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        if not isinstance(request.body, dict) or not request.body.get("name"):
            raise refusal(400, "Missing required field: name")
        # Left out, it is public: the real one's default.
        public = request.body.get("public", True)
        if public:
            raise refusal(403, "Insufficient client scope")
        identity = secrets.token_hex(11)
        self.playlists[identity] = {"public": public, "uris": [], **request.body}
        address = f"https://open.spotify.com/playlist/{identity}"
        return 201, {"id": identity, "uri": f"spotify:playlist:{identity}", "external_urls": {"spotify": address}}, {}

    def _playlist_items(self, request: Seen, method: str, identity: str) -> tuple[int, Any, dict[str, str]]:
        if identity not in self.playlists:
            raise refusal(404, "Resource not found")
        uris = _uris(request.body)
        if method == "PUT":
            self.playlists[identity]["uris"] = uris
        else:
            self.playlists[identity]["uris"] += uris
        return 201 if method == "POST" else 200, {"snapshot_id": secrets.token_hex(8)}, {}

    # One request.

    def answer(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        """Record a request and return its status, body and headers."""
        line = f"{request.method} {request.path}"
        with self._lock:
            self.seen.append(request)
            scripted = next((number for number, (path, _) in enumerate(self._faults) if re.search(path, line)), None)
            fault = self._faults.pop(scripted)[1] if scripted is not None else None
        if fault:
            self._stopping.wait(fault.stall)
            return fault.status, fault.body, dict(fault.headers)
        try:
            if request.path.startswith("/v1/"):
                return self.api(request)
            if line == "POST /api/token":
                return self.token(request)
            if line == "GET /favicon.ico":
                return 204, "", {}
            if re.fullmatch(r"GET /authorize(/agree|/cancel)?", line):
                return self.authorize(request)
            raise refusal(404, "Service not found")
        except Refusal as refused:
            return refused.status, refused.body, refused.headers


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"-?\d+", text) else -1


def _uris(body: Any) -> list[str]:
    """Return the uris of a body, which has to be an object: a bare list is what the old address took."""
    uris = body.get("uris") if isinstance(body, dict) else None
    if not isinstance(uris, list) or not uris or len(uris) > 100:
        raise refusal(400, "Invalid uris")
    if not all(isinstance(uri, str) and re.fullmatch(r"spotify:track:[0-9A-Za-z]{22}", uri) for uri in uris):
        raise refusal(400, "Invalid track uri")
    return uris


def _handler(double: SpotifyDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Read a request, let the double answer, write the answer."""

        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            raw = self.rfile.read(int(headers.get("content-length", 0)))
            request = Seen(self.command, address.path, query, _body(raw, headers.get("content-type", "")), headers)
            self._write(*double.answer(request))

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the names of http.server

        def _write(self, status: int, body: Any, headers: dict[str, str]) -> None:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            kind = "text/html; charset=utf-8" if isinstance(body, str) else "application/json"
            try:
                self.send_response(status)
                for name, value in {"Content-Type": kind, **headers}.items():
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                if status != 204:
                    self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                # The caller gave up waiting: that is what a stall is for.
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of http.server
            """Say nothing: a test's output is its own."""

    return Handler


def _body(raw: bytes, kind: str) -> Any:
    if not raw:
        return None
    if kind.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(raw.decode(), keep_blank_values=True))
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def main() -> None:
    """Serve a site in development."""
    parser = argparse.ArgumentParser(description="A Spotify of our own, for development.")
    parser.add_argument("--port", type=int, default=8899)
    parser.add_argument("--redirect-uri", default=REDIRECT_URI)
    arguments = parser.parse_args()
    double = SpotifyDouble(port=arguments.port, redirect_uri=arguments.redirect_uri)
    print(  # noqa: T201 - a command prints
        f"SPOTIFY_CLIENT_ID={CLIENT_ID}\nSPOTIFY_CLIENT_SECRET={CLIENT_SECRET}\n"
        f"SPOTIFY_REDIRECT_URI={arguments.redirect_uri}\nSPOTIFY_API_URL={double.url}/v1/\n"
        f"SPOTIFY_ACCOUNTS_URL={double.url}/",
        flush=True,
    )
    double.serve()


if __name__ == "__main__":
    main()
