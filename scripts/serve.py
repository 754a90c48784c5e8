"""Start what Procfile names under honcho, print the address once the site answers, stop all of it together.

A local Redis is among them only while REDIS_URL is set nowhere, the Spotify worker only with an app at Spotify.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import http.client
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

import environ
import honcho.manager
import honcho.printer
import honcho.process
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parents[1]
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
# sun_path of a Unix socket's address, less the closing zero byte.
SOCKET_PATH_BYTES = 107
# A worker that was asked to stop finishes the picture it is reading; only past this long is it killed.
STOP_SECONDS = 40
START_SECONDS = 120


class Program(honcho.process.Process):
    """One process of the Procfile, started with the signals let through that the manager holds back meanwhile."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._child_ctor = functools.partial(
            honcho.process.Popen, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        )


class Leaders(honcho.manager.ProcessManager):
    """Ask only the head of each process group to stop.

    Gunicorn and Celery end their children in order; a child that is told so directly drops the work in its hands.
    """

    def terminate(self, pid: int) -> None:
        """Send SIGTERM to one process."""
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            return


class Terminal(honcho.printer.Printer):
    """Honcho's printer, which stops the site when there is nothing left to print on: its terminal was closed."""

    def write(self, message: honcho.printer.Message) -> None:
        """Print one line of one process."""
        try:
            super().write(message)
        except OSError:
            self.output = Path(os.devnull).open("w")  # noqa: SIM115 (it stays open until the process ends)
            os.kill(os.getpid(), signal.SIGTERM)


class Site(honcho.manager.Manager):
    """Honcho's manager, made safe against a Ctrl-C while it is still starting."""

    def __init__(self, port: int) -> None:
        super().__init__(Terminal(sys.stdout))
        self._port = port
        self._process_ctor = Program
        self._procmgr = Leaders()

    def _start(self) -> None:
        """Start every process and learn its number before a signal may ask for its end."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        signal.signal(signal.SIGHUP, lambda signum, frame: os.kill(os.getpid(), signal.SIGTERM))
        super()._start()
        printed = []
        while not self._all_started():
            message = self.events.get()
            if message.type == "start":
                self._processes[message.name]["pid"] = message.data["pid"]
            else:
                printed.append(message)
        for message in printed:
            self.events.put(message)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        # Only now: the processes above are forked, which is unsafe beside a running thread.
        threading.Thread(target=announce, args=(self._port,), daemon=True).start()


def only_one(data: Path) -> TextIO:
    """Lock the data folder for this run. Exits with a clear line when another run holds it."""
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        sys.exit(f"Mood Music already runs on the data in {data}. Stop that one first.")
    return lock


def free_port(wanted: str) -> int:
    """Return the port as a number. Exits with a clear line when it is none, or when something listens on it already."""
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        sys.exit(f"PORT has to be a number from 1 to 65535, not {wanted!r}.")
    port = int(wanted)
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            sys.exit(f"Port {port} cannot be used ({error.strerror}). Choose another: make run PORT={port % 65535 + 1}")
    return port


@contextlib.contextmanager
def redis_socket(data: Path) -> Iterator[Path]:
    """Yield the path of our own Redis's socket: beside its data, or in a private folder if that path is too long."""
    path = (data / "redis" / "redis.sock").resolve()
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="mood-music-") as folder:
        yield Path(folder) / "redis.sock"


def announce(port: int) -> None:
    """Print the address as soon as the site answers there."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/health/live/")
            connection.getresponse()
        except OSError:
            time.sleep(0.25)
        else:
            print(f"\n  Mood Music is ready: http://localhost:{port}/   (Ctrl-C stops it)\n", flush=True)
            return
        finally:
            connection.close()


def wanted_programs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what Procfile names, less what this machine has elsewhere or does not need."""
    programs = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
    if environment.get("REDIS_URL"):
        del programs["redis"]
    if not (environment.get("SPOTIFY_CLIENT_ID") and environment.get("SPOTIFY_CLIENT_SECRET")):
        del programs["spotify"]
    return programs


def main() -> int:
    """Run the site until a signal or the end of one of its processes; return that one's exit code."""
    os.chdir(ROOT)
    os.umask(0o077)
    environ.Env.read_env(ROOT / ".env", overwrite=False)
    data = Path(os.environ.get("DATA_DIR", ROOT / "var"))
    lock = only_one(data)
    port = free_port(os.environ.get("PORT", "8000"))
    programs = wanted_programs(os.environ)
    os.environ.update(PORT=str(port), PYTHONUNBUFFERED="1")
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    honcho.manager.KILL_WAIT = STOP_SECONDS
    with redis_socket(data) as local_redis:
        if "redis" in programs:
            os.environ["REDIS_URL"] = f"unix://{local_redis}"
        site = Site(port)
        for name, line in programs.items():
            site.add_process(name, line, cwd=str(ROOT))
        site.loop()
    lock.close()
    return int(site.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())
