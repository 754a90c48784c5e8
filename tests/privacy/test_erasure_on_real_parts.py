"""What is erased is gone from the database's file and from a real Redis, not only from what a query returns."""

import base64
import json
import os
import subprocess
import sys

import pytest
import redis

from privacy.places import queue_erase, queue_residue
from privacy.subjects import Subject
from tests.support.stack import ROOT, Stack

pytestmark = pytest.mark.worker
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


@pytest.mark.skipif("postgres" in os.environ.get("DATABASE_URL", ""), reason="looks into a SQLite file")
def test_statement_7_no_byte_of_what_was_erased_is_left_in_the_database_file(tmp_path):
    stack = Stack(tmp_path)
    environment = {**stack.environment, "EMAIL_URL": "memorymail://", "LOG_LEVEL": "ERROR"}
    environment["REDIS_URL"] = f"unix://{stack.redis_socket}"
    for arguments in (["manage.py", "migrate", "-v0"], ["manage.py", "createcachetable"]):
        subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True)
    database = tmp_path / "site.sqlite3"
    stack.start("redis")
    try:
        script = ERASE.replace("DATABASE", repr(str(database)))
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, check=True)
    finally:
        stack.stop()
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
