"""Versions change hands while a real worker reads, on a real Redis; and two promotions meet."""

import concurrent.futures
import json
import subprocess
import sys
import threading

import pytest

from ml import artifacts
from tests.support.artifacts import resign, write_artifact
from tests.support.pictures import astronaut, encoded
from tests.support.stack import ROOT, Visitor, wait_for

pytestmark = [pytest.mark.worker, pytest.mark.model]
REASON = "Promoted by a test that looks at the workers."
PROMOTE = f"""
import sys, time, pathlib, django; django.setup()
from emotion.models import ModelVersion
from emotion.versions.services import version_promote
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
version = ModelVersion.objects.get(version=name)
(folder / f"ready-{{name}}").touch()
while not (folder / "go").exists():
    time.sleep(0.001)
version_promote(version=version, actor=None, override_reason={REASON!r})
"""
ROLL_BACK = """
import django; django.setup()
from emotion.versions.services import version_roll_back
version_roll_back(actor=None)
"""


def run(stack, *arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def renamed(folder, name):
    """Write the shipped network under another name: another version, which reads as well."""
    artifacts.copy(artifacts.DEFAULT, folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "name": name}))
    resign(folder)
    return folder


def taken_in(stack, folder):
    run(stack, "manage.py", "model_import", folder)
    return artifacts.check(folder).version


def promote(stack, version):
    run(stack, "manage.py", "model_promote", version, "--override-reason", REASON)


def active(stack):
    return [name for (name,) in stack.rows("SELECT version FROM emotion_modelversion WHERE status = 'active'")]


def read_with(stack):
    rows = stack.rows("SELECT DISTINCT model_version FROM emotion_emotionreading")
    return {version for (version,) in rows}


class Traffic:
    """Let people send one photo after the other and wait for each reading, until it is enough."""

    def __init__(self, stack, people):
        self.visitors = [Visitor(stack).register() for _ in range(people)]
        self.enough = threading.Event()
        self.photo = encoded(astronaut())

    def of(self, visitor):
        sent = []
        while not self.enough.is_set():
            path = visitor.send(self.photo)
            wait_for(lambda path=path: visitor.status(path) not in {"pending", "processing"}, "the reading")
            sent.append(visitor.result(path))
        return sent


def test_workers_switch_while_captures_flow_and_none_fails(stack, tmp_path):
    shipped = active(stack)[0]
    other = taken_in(stack, renamed(tmp_path / "other", "other-face"))
    broken = taken_in(stack, write_artifact(tmp_path / "broken", "broken-face"))
    traffic = Traffic(stack, 3)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        flows = [pool.submit(traffic.of, visitor) for visitor in traffic.visitors]
        try:
            wait_for(lambda: read_with(stack) == {shipped}, "a reading with the shipped version")
            children = stack.children("worker")
            promote(stack, other)
            wait_for(lambda: read_with(stack) == {shipped, other}, "a reading with the promoted version")
            promote(stack, broken)
            wait_for(lambda: "version_not_loaded" in stack.log("worker"), "the worker to meet what it cannot load")
            run(stack, "-c", ROLL_BACK)
            run(stack, "-c", ROLL_BACK)
            assert active(stack) == [shipped]
            newest = stack.rows("SELECT max(id) FROM emotion_emotionreading")[0][0]
            back = f"SELECT count(*) FROM emotion_emotionreading WHERE id > {newest} AND model_version = '{shipped}'"
            wait_for(lambda: stack.rows(back)[0][0] >= 3, "readings with the shipped version again")
        finally:
            traffic.enough.set()
        results = [result for flow in flows for result in flow.result()]
    assert len(results) >= 6
    assert {result["status"] for result in results} == {"done"}
    assert read_with(stack) == {shipped, other}
    assert stack.rows("SELECT count(*) FROM emotion_capture WHERE attempts <> 1") == [(0,)]
    assert stack.children("worker") == children
    noted = stack.rows(f"SELECT load_error FROM emotion_modelversion WHERE version = '{broken}'")
    assert "model.keras" in noted[0][0]


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_promotions_at_once_one_version_is_active_and_none_fails(stack, tmp_path, attempt):
    names = [taken_in(stack, renamed(tmp_path / name, f"{name}-{attempt}")) for name in ("left-face", "right-face")]
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", PROMOTE, str(meeting), name],
            cwd=ROOT,
            env=stack.environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    wait_for(lambda: all((meeting / f"ready-{name}").exists() for name in names), "both to be ready")
    (meeting / "go").touch()
    assert [(racer.communicate()[1], racer.returncode)[1] for racer in racers] == [0, 0]
    now = active(stack)
    assert len(now) == 1
    assert now[0] in names
    retired = stack.rows("SELECT version FROM emotion_modelversion WHERE status = 'retired'")
    assert set(names) - set(now) <= {version for (version,) in retired}
    run(stack, "manage.py", "audit_verify")
