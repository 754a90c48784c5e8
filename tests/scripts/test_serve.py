import os
import pty
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import serve

ROOT = Path(__file__).resolve().parents[2]
# Two processes under the site's own manager; the second has a child, and both write their numbers down.
SITE = """
import os, sys
from scripts import serve
site = serve.Site(int(sys.argv[2]))
for name in ("one", "two"):
    script = f"echo $$ > {sys.argv[1]}/{name}; sleep 60 & echo $! > {sys.argv[1]}/{name}-child; "
    script += "trap 'kill $!; exit 0' TERM; while :; do echo alive; sleep 0.1; done"
    site.add_process(name, script)
site.loop()
sys.exit(site.returncode)
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def numbers(folder: Path) -> list[int]:
    files = [folder / name for name in ("one", "one-child", "two", "two-child")]
    wait_until(lambda: all(file.exists() and file.read_text().strip() for file in files))
    return [int(file.read_text()) for file in files]


@pytest.fixture
def site(tmp_path):
    """The manager on a terminal of its own: (process, its end of the terminal, folder of process numbers)."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SITE, str(tmp_path), str(free_port())]
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    yield process, ours, tmp_path
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_a_signal_ends_every_process_and_its_children(site, number, code):
    process, terminal, folder = site
    pids = numbers(folder)
    process.send_signal(number)
    assert process.wait(timeout=20) == code
    os.close(terminal)
    assert [pid for pid in pids if alive(pid)] == []


def test_a_closed_terminal_ends_every_process(site):
    process, terminal, folder = site
    pids = numbers(folder)
    os.close(terminal)
    assert process.wait(timeout=20) == 143
    assert [pid for pid in pids if alive(pid)] == []


def test_the_end_of_one_process_ends_the_others(site):
    process, terminal, folder = site
    pids = numbers(folder)
    os.kill(pids[0], signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    os.close(terminal)
    assert [pid for pid in pids if alive(pid)] == []


def test_a_taken_port_is_refused_with_advice():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=rf"Port {port} cannot be used .* make run PORT=\d+"):
            serve.free_port(str(port))


@pytest.mark.parametrize("value", ["", "web", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_no_port_is_refused(value):
    with pytest.raises(SystemExit, match="PORT has to be a number"):
        serve.free_port(value)


def test_data_are_served_by_one_run_at_a_time(tmp_path):
    with serve.only_one(tmp_path), pytest.raises(SystemExit, match="already runs"):
        serve.only_one(tmp_path)
    serve.only_one(tmp_path).close()


def test_the_socket_of_redis_lies_beside_its_data():
    with serve.redis_socket(Path("/srv/mood/var")) as path:
        assert path == Path("/srv/mood/var/redis/redis.sock")


def test_a_path_too_long_for_a_socket_gives_way_to_a_private_folder():
    with serve.redis_socket(Path("/srv") / ("x" * 100)) as path:
        folder = path.parent
        assert len(os.fsencode(path)) <= serve.SOCKET_PATH_BYTES
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, {"spotify"}),
        ({"REDIS_URL": "redis://elsewhere"}, {"redis", "spotify"}),
        ({"SPOTIFY_CLIENT_ID": "id"}, {"spotify"}),
        ({"SPOTIFY_CLIENT_ID": "id", "SPOTIFY_CLIENT_SECRET": "secret"}, set()),
    ],
)
def test_redis_and_the_spotify_worker_start_only_where_they_are_needed(environment, missing):
    named = {line.split(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()}
    assert set(serve.wanted_programs(environment)) == named - missing
