"""A Spotify double for each test, and the site set up to use it."""

import logging
import logging.config
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache

from accounts.models import ConnectedService
from recommendations import services
from recommendations.providers.spotify import resolving
from tests.factories import ReadingFactory
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


@pytest.fixture
def connect(login):
    """Return a function that connects a person as she would do it in a browser; it returns the last answer."""

    def connected(client, **choices):
        asked = client.post("/spotify/connect/", choices)
        assert asked.status_code == 302, asked.content
        back = urlsplit(login.agree(asked.url))
        return client.get(f"{back.path}?{back.query}", follow=True)

    return connected


@pytest.fixture
def amy_connected(as_amy, amy, connect):
    """Connect amy with every permission. Returns her connection."""
    connect(as_amy, personal_order="on")
    return ConnectedService.objects.get(user=amy)


@pytest.fixture
def music(amy, catalogue, app):
    """Return a set of amy's whose tracks are all found on Spotify."""
    reading = ReadingFactory(capture__user=amy)
    built = services.set_build(reading_id=reading.pk)
    resolving.tracks_resolve(track_ids=list(built.recommendations.values_list("track", flat=True)))
    return built


@pytest.fixture
def written(settings, caplog):
    """Log what the site's own configuration lets through at DEBUG; return a function that tells what was written."""
    logging.config.dictConfig(settings.LOGGING | {"root": {"handlers": [], "level": "DEBUG"}})
    logging.getLogger().addHandler(caplog.handler)

    def text():
        logging.getLogger("canary").debug("the canary sings")
        lines = caplog.text + str([record.__dict__ for record in caplog.records])
        assert "the canary sings" in lines
        return lines

    yield text
    logging.getLogger().removeHandler(caplog.handler)
    logging.config.dictConfig(settings.LOGGING)
