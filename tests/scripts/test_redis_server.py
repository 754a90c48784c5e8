import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import redis

from scripts import redis_server

ROOT = Path(__file__).resolve().parents[2]


def executable(folder: Path, name: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)
    return str(folder / name)


@pytest.fixture
def carried(tmp_path, monkeypatch):
    """A virtual environment that carries a Redis and stands first on PATH, as honcho puts it."""
    path = executable(tmp_path / "venv", "redis-server")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "venv"))
    return path


def test_the_systems_redis_comes_before_the_carried_one(tmp_path, monkeypatch, carried):
    system = executable(tmp_path / "system", "redis-server")
    monkeypatch.setenv("PATH", f"{tmp_path / 'venv'}:{tmp_path / 'system'}")
    assert redis_server.server_binary() == system


def test_valkey_serves_as_well(tmp_path, monkeypatch, carried):
    system = executable(tmp_path / "system", "valkey-server")
    monkeypatch.setenv("PATH", f"{tmp_path / 'venv'}:{tmp_path / 'system'}")
    assert redis_server.server_binary() == system


@pytest.mark.usefixtures("carried")
def test_the_carried_redis_is_the_last_resort(carried):
    assert redis_server.server_binary() == carried


def test_without_any_redis_the_error_says_what_to_do(carried):
    Path(carried).unlink()
    with pytest.raises(FileNotFoundError, match="install redis-server or valkey-server"):
        redis_server.server_binary()


@pytest.fixture
def short_folder():
    # The path of a Unix socket has room for 107 bytes; pytest's own folders can be longer.
    with tempfile.TemporaryDirectory(prefix="mood-") as folder:
        yield Path(folder)


def start(folder: Path) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    environment = {**os.environ, "DATA_DIR": str(folder), "REDIS_URL": f"unix://{folder}/redis.sock"}
    process = subprocess.Popen([sys.executable, "-m", "scripts.redis_server"], cwd=ROOT, env=environment)
    client = redis.Redis(unix_socket_path=f"{folder}/redis.sock")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return process, client
    process.kill()
    raise AssertionError("Redis did not answer in 20 s")


def test_what_redis_took_survives_a_stop_and_the_last_client_is_waited_for(short_folder):
    process, client = start(short_folder)
    client.set("kept", "yes")
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    # This client stands for a worker that hands in its last word after the stop began.
    client.set("late", "too")
    client.close()
    assert process.wait(timeout=10) == 0

    process, client = start(short_folder)
    try:
        assert [client.get("kept"), client.get("late")] == [b"yes", b"too"]
        assert (short_folder / "redis").stat().st_mode & 0o077 == 0
    finally:
        client.close()
        process.terminate()
        process.wait(timeout=30)
