"""No helper of spotipy is used that calls what a new app may not call, or that would send a token elsewhere."""

import ast
import inspect
import re

import spotipy

from tests.support.spotify_double import REMOVED
from tests.support.stack import ROOT

FOLDER = ROOT / "recommendations/providers/spotify"
# They follow an address that an answer names, with the token, or ask on the terminal.
UNSAFE = {"next", "previous", "set_auth"}


def closed_helpers():
    """Return the helpers of spotipy whose address is closed, as their own source and the double say."""
    found = set()
    for name, method in inspect.getmembers(spotipy.Spotify, inspect.isfunction):
        source = inspect.getsource(method)
        for verb, path in re.findall(r'self\._(get|post|put|delete)\(\s*f?"([^"]*)"', source):
            line = f"{verb.upper()} /v1/{re.sub(r'{[^}]*}|[?].*', lambda m: 'x' if m[0][0] == '{' else '', path)}"
            if any(re.fullmatch(removed, line) for removed in REMOVED):
                found.add(name)
    return found


def called(source):
    """Return what is asked of spotipy's client, which is called `_api` where we use it."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    return {node.attr for node in found if ast.unparse(node.value).endswith("_api")}


def test_the_closed_helpers_are_recognised():
    assert {
        "recommendations",
        "audio_analysis",
        "user_playlist_create",
        "new_releases",
        "available_markets",
        "user_playlists",
    } <= closed_helpers()


def test_none_of_them_is_used():
    used = {path.name: called(path.read_text()) for path in FOLDER.glob("*.py")}
    assert {"search", "me", "playlist_set"} <= used["client.py"]
    assert set().union(*used.values()) & (closed_helpers() | UNSAFE) == set()


def test_a_use_would_be_seen():
    assert called("self._api.audio_analysis(x)") & closed_helpers()
