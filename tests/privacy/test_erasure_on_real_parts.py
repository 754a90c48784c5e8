"""What is erased is gone from the database's file and from a real Redis, not only from what a query returns."""

import base64
import json
import os
import signal
import subprocess
import sys

import pytest
import redis

from privacy.places import queue_erase, queue_residue
from privacy.subjects import Subject
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.worker
sqlite_only = pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="makes a SQLite file")
AMY = Subject(1, "0b0e6d5e-6f9f-4c3f-9d43-6b6d2f3f5a11", ("amy@example.org",))
ERASE = """
import datetime, uuid
import django
django.setup()
from django.utils import timezone
from accounts.models import User
from emotion.models import Capture, ToldMood
from privacy.erasure import erasure_request, erasure_run
from privacy.models import ErasureRequest
for mark in ("markofbob", "markofamy"):
    user = User.objects.create_user(f"{mark}@example.org", "x")
    for number in range(300):
        moment = timezone.now() - datetime.timedelta(hours=number)
        ToldMood.objects.create(user=user, felt_at=moment, emotion="fear", word=f"{mark}{number}", source="daylio")
before = open(DATABASE, "rb").read() + open(DATABASE + "-wal", "rb").read()
assert b"markofamy" in before and b"markofbob" in before
request = erasure_request(user=user, scope="account")
ErasureRequest.objects.update(due_at=timezone.now())
assert erasure_run(request=request).status == "done", request.residue
# While the connection is open: its end would empty the write-ahead log in any case.
after = open(DATABASE, "rb").read() + open(DATABASE + "-wal", "rb").read()
assert b"markofamy" not in after
assert b"markofbob" in after
"""


DIE = """
import os, signal
import django
django.setup()
from django.utils import timezone
from accounts.models import User
from emotion.models import ToldMood
from privacy import erasure
from privacy.models import ErasureRequest
user = User.objects.create_user("markofamy@example.org", "x")
ToldMood.objects.create(user=user, felt_at=timezone.now(), emotion="fear", word="markofamy", source="daylio")
def die(request_id, name):
    if name == "STEP":
        os.kill(os.getpid(), signal.SIGKILL)
erasure.step_reached = die
request = erasure.erasure_request(user=user, scope="account")
ErasureRequest.objects.update(due_at=timezone.now())
erasure.erasure_run(request=request)
"""
GO_ON = """
import datetime
import django
django.setup()
from django.utils import timezone
from accounts.models import User
from emotion.models import ToldMood
from privacy.models import ErasureRequest
from privacy import erasure
early = timezone.now() - datetime.timedelta(minutes=5)
ErasureRequest.objects.update(due_at=early, updated_at=early)
[pk] = erasure.erasures_due()
assert erasure.erasure_run(request=ErasureRequest.objects.get(pk=pk)).status == "done"
assert not User.objects.exists() and not ToldMood.objects.exists()
"""


@pytest.fixture
def site(tmp_path):
    """Return a function that runs a script on a fresh database of its own and a real Redis."""
    stack = Stack(tmp_path)
    environment = {**stack.environment, "EMAIL_URL": "memorymail://", "LOG_LEVEL": "ERROR"}

    def run(*arguments, check=True):
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, check=check, capture_output=True)

    for arguments in (["manage.py", "migrate", "-v0"], ["manage.py", "createcachetable"]):
        run(*arguments)
    stack.start("redis")
    yield run
    stack.stop()


@sqlite_only
@pytest.mark.parametrize("step", ["erase told_moods at once", "erase account"])
def test_statement_9_after_a_kill_in_the_middle_another_process_completes(site, step):
    assert site("-c", DIE.replace("STEP", step), check=False).returncode == -signal.SIGKILL
    site("-c", GO_ON)


@sqlite_only
def test_statement_7_no_byte_of_what_was_erased_is_left_in_the_database_file(site, tmp_path):
    database = tmp_path / "site.sqlite3"
    site("-c", ERASE.replace("DATABASE", repr(str(database))))
    found = {path.name for path in tmp_path.rglob("*") if path.is_file() and b"markofamy" in path.read_bytes()}
    assert found == set()
    assert b"markofbob" in database.read_bytes()


def test_statement_7_the_queue_is_searched_down_to_the_bodies_of_its_messages(tmp_path, settings):
    stack = Stack(tmp_path)
    stack.start("redis")
    try:
        settings.CELERY_BROKER_URL = settings.REDIS_URL = f"unix://{stack.redis_socket}"
        with redis.Redis(unix_socket_path=str(stack.redis_socket)) as client:

            def message(argument):
                body = base64.b64encode(json.dumps([[argument], {}, {}]).encode()).decode()
                return json.dumps({"body": body, "headers": {"id": "x"}})

            client.lpush("celery", message(12))
            client.hset("unacked", "tag", json.dumps([json.loads(message(13)), "", "celery"]))
            client.set("counter", "1")
            assert queue_residue(AMY) == []
            client.lpush("celery", message("amy@example.org"))
            assert queue_residue(AMY) == ["Redis key of type list"]
            client.rpush("other", "x")
            client.delete("celery")
            client.hset("unacked", "tag2", json.dumps([json.loads(message(AMY.public_id)), "", "celery"]))
            client.set(f"seen:{AMY.public_id}", "1")
            client.set("last", "Amy@Example.org")
            assert len(queue_residue(AMY)) == 3
            queue_erase(AMY)
            assert queue_residue(AMY) == ["Redis key of type hash"]
            assert client.get("counter") == b"1"
    finally:
        stack.stop()
