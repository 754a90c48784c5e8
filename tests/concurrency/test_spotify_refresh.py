"""Several processes need one old Spotify token at once: on a SQLite file or on PostgreSQL."""

import subprocess
import sys

import pytest

from tests.support.spotify_double import CLIENT_ID, CLIENT_SECRET, SpotifyDouble
from tests.support.stack import ROOT, Stack, wait_for

pytestmark = pytest.mark.worker
WORKERS = 6
OLD = "an-old-refresh-token"
BEGIN = f"""
import django; django.setup()
from django.utils import timezone
from accounts.models import ConnectedService, User
from privacy.purposes import Purpose
from privacy.services import consent_record
person = User.objects.create_user("amy@example.org", "a long enough pass phrase")
consent_record(user=person, purpose=Purpose.SPOTIFY_LINK, granted=True, given_through="test")
ConnectedService.objects.create(
    user=person, provider="spotify", account_id="a", access_token="ended", refresh_token="{OLD}",
    expires_at=timezone.now(), connected_at=timezone.now(),
)
"""
NEED = """
import sys, time, pathlib, django; django.setup()
from accounts.models import ConnectedService, User
from recommendations.providers.spotify.connections import access_token
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
person = User.objects.get()
(folder / f"ready-{name}").touch()
while not (folder / "go").exists():
    time.sleep(0.005)
print(access_token(user=person) == ConnectedService.objects.get().access_token)
"""


@pytest.fixture
def double():
    running = SpotifyDouble().start()
    # Each refresh makes the token before it void: two would show.
    running.rotate_refresh_tokens = True
    running._refresh[OLD] = "playlist-modify-private"
    yield running
    running.stop()


@pytest.fixture
def site(tmp_path, double):
    prepared = Stack(tmp_path)
    prepared.environment |= {
        "SPOTIFY_CLIENT_ID": CLIENT_ID,
        "SPOTIFY_CLIENT_SECRET": CLIENT_SECRET,
        "SPOTIFY_ACCOUNTS_URL": f"{double.url}/",
        "LOG_LEVEL": "WARNING",
    }
    try:
        yield prepared.prepare()
    finally:
        prepared.stop()


def test_of_several_processes_that_need_a_token_at_once_one_refreshes_it(site, double, tmp_path):
    subprocess.run([sys.executable, "-c", BEGIN], cwd=ROOT, env=site.environment, check=True, timeout=60)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", NEED, str(tmp_path), str(number)],
            cwd=ROOT,
            env=site.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(WORKERS)
    ]
    wait_for(lambda: len(list(tmp_path.glob("ready-*"))) == WORKERS, "all processes to be ready")
    (tmp_path / "go").touch()
    assert [each.communicate(timeout=60)[0].strip() for each in running] == ["True"] * WORKERS
    assert [each.returncode for each in running] == [0] * WORKERS
    assert len(double.requests("POST /api/token")) == 1
