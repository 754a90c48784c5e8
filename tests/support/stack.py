"""The site on real parts, as processes of their own: Redis, gunicorn, a Celery worker, beat, SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import redis
import requests

from scripts import redis_server

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long enough pass phrase"
PATIENCE = 90.0


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> object:
    """Return the first true answer. Raises AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class Stack:
    """Start and stop the parts one by one, so that a test can kill any of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # A Unix socket's path may have 107 bytes at most; a test's folder is often longer.
        self.redis_socket = Path(f"/tmp/mood-{uuid.uuid4().hex[:12]}.sock")
        self.postgres = os.environ.get("DATABASE_URL", "") if "postgres" in os.environ.get("DATABASE_URL", "") else ""
        self.database = f"mood_stack_{uuid.uuid4().hex[:12]}"
        database_url = f"sqlite:///{folder / 'site.sqlite3'}"
        if self.postgres:
            database_url = self.postgres.rsplit("/", 1)[0] + f"/{self.database}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in {"DJANGO_SETTINGS_MODULE", "REDIS_URL", "EMAIL_URL"}},
            "DJANGO_SETTINGS_MODULE": "mood_music.settings.local",
            "SECRET_KEY": "only-for-tests-" + "y" * 40,
            "FIELD_ENCRYPTION_KEYS": "only-for-tests-" + "z" * 40,
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "REDIS_URL": f"unix://{self.redis_socket}",
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONUNBUFFERED": "1",
        }

    def prepare(self) -> Stack:
        """Create the database, import the catalogue, collect static files."""
        if self.postgres:
            self._admin(f"CREATE DATABASE {self.database}")
        subprocess.run([sys.executable, "-m", "scripts.prepare"], cwd=ROOT, env=self.environment, check=True)
        return self

    def start_all(self) -> Stack:
        """Start everything and wait until the site answers."""
        for name in ("redis", "web", "worker", "beat"):
            self.start(name)
        wait_for(self.answers, "the site to answer")
        return self

    def answers(self) -> bool:
        """Tell whether the site answers."""
        try:
            return requests.get(f"{self.url}/health/ready/", timeout=10).ok
        except requests.RequestException:
            return False

    def start(self, name: str) -> None:
        """Start one part."""
        celery = [sys.executable, "-m", "celery", "-A", "mood_music"]
        commands = {
            "redis": lambda: redis_server.command(self._redis_folder(), self.redis_socket),
            "web": lambda: [sys.executable, "-m", "gunicorn", "mood_music.wsgi"],
            "worker": lambda: [*celery, "worker", "--concurrency=1", "--loglevel=INFO"],
            "spotify": lambda: [*celery, "worker", "--queues=spotify", "--pool=threads", "--hostname=spotify@%h"],
            "trainer": lambda: [
                *celery,
                "worker",
                "--queues=training",
                "--concurrency=1",
                "--max-tasks-per-child=1",
                "--hostname=trainer@%h",
                "--loglevel=INFO",
            ],
            "beat": lambda: [*celery, "beat", "--loglevel=INFO"],
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                commands[name](), cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        if name == "redis":
            wait_for(self._redis_answers, "Redis")

    def _redis_folder(self) -> Path:
        folder = self.folder / "redis"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self.redis_socket)) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def kill(self, name: str) -> None:
        """End a part with all its children at once, as a power cut would."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def kill_children(self, name: str) -> int:
        """Kill the children of a part and leave its head; return how many there were."""
        children = self.children(name)
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        return len(children)

    def children(self, name: str) -> list[int]:
        """Return the process ids of a part's children."""
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.processes[name].pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in listed.stdout.split()]

    def stop(self) -> None:
        """End everything and remove what is outside the folder."""
        for name in list(self.processes):
            self.kill(name)
        self.redis_socket.unlink(missing_ok=True)
        if self.postgres:
            self._admin(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def rows(self, sql: str) -> list[tuple]:
        """Ask the site's database."""
        if self.postgres:
            import psycopg

            with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
                return connection.execute(sql).fetchall()
        with contextlib.closing(sqlite3.connect(self.folder / "site.sqlite3", timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    def _admin(self, sql: str) -> None:
        import psycopg

        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(sql)

    def log(self, name: str) -> str:
        """Return what a part has written."""
        return (self.folder / f"{name}.log").read_text(errors="replace")


class Visitor:
    """Use the site as a browser without JavaScript does: pages, forms, cookies."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.http = stack, requests.Session()

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        return self.http.get(f"{self.stack.url}{path}", timeout=30)

    def post(
        self, page: str, path: str | None = None, *, files: dict | None = None, **fields: object
    ) -> requests.Response:
        """Send a form that stands on a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(page).text)
        assert found, f"no form on {page}"
        data = {"csrfmiddlewaretoken": found[1], **fields}
        headers = {"Referer": f"{self.stack.url}{page}"}
        return self.http.post(f"{self.stack.url}{path or page}", data=data, files=files, headers=headers, timeout=60)

    def register(self, **consents: str) -> Visitor:
        """Register, log in and consent."""
        email = f"{uuid.uuid4().hex[:12]}@example.org"
        answer = self.post(
            "/accounts/signup/",
            email=email,
            password1=PASSWORD,
            password2=PASSWORD,
            birth_date="1990-05-04",
            agree_terms="on",
        )
        assert answer.ok, answer.text
        answer = self.post("/consent/", **(consents or {"emotion_inference": "on", "store_history": "on"}))  # type: ignore[arg-type]
        assert answer.ok, answer.text
        return self

    def send(self, photo: bytes) -> str:
        """Upload a photo and return the path of its result page."""
        answer = self.post("/captures/new/", files={"photo": ("face.jpg", photo, "image/jpeg")}, source="upload")
        assert answer.ok, answer.text
        return answer.url.removeprefix(self.stack.url)

    def status(self, path: str) -> str:
        """Ask the API how a capture stands."""
        return str(self.result(path)["status"])

    def result(self, path: str) -> dict:
        """Ask the API for a capture."""
        answer = self.get(f"/api/v1{path}")
        assert answer.ok, answer.text
        return dict(answer.json())
