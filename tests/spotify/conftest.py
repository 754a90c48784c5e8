"""A Spotify double for each test, and the site set up to use it."""

import pytest
from django.core.cache import cache

from tests.support.spotify_double import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SpotifyDouble


@pytest.fixture
def double():
    running = SpotifyDouble().start()
    yield running
    running.stop()


@pytest.fixture
def app(double, settings):
    """Set up level 2: an app of the operator's, on the double. Returns the double."""
    settings.SPOTIFY_CLIENT_ID, settings.SPOTIFY_CLIENT_SECRET = CLIENT_ID, CLIENT_SECRET
    settings.SPOTIFY_API_URL, settings.SPOTIFY_ACCOUNTS_URL = f"{double.url}/v1/", f"{double.url}/"
    cache.clear()
    yield double
    cache.clear()


@pytest.fixture
def impatient(settings):
    """Let calls wait a moment only: for tests in which Spotify stalls."""
    settings.SPOTIFY_TIMEOUT = (3.0, 0.3)


@pytest.fixture
def login(app, settings):
    """Set up level 3: people can connect their accounts. Returns the double."""
    settings.SPOTIFY_REDIRECT_URI = REDIRECT_URI
    return app
