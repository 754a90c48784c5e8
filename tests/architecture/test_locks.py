"""The locks say exactly what is installed, and nothing that is known to be unsafe."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
# Older Django, Pillow and Keras have known holes; Celery's and kombu's recovery
# was measured from these versions on.
FLOORS = {"django": "5.2.17", "pillow": "12.3.0", "keras": "3.15.1", "celery": "5.7.0", "kombu": "5.7.0"}


def entries(lock: str) -> list[str]:
    """Return the lock's requirements, each with its hashes, one string a package."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def pins(lock: str) -> dict[str, Version]:
    requirements = [Requirement(entry.split(" --hash=")[0]) for entry in entries(lock)]
    return {one.name: Version(str(one.specifier).removeprefix("==")) for one in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_of_a_lock_pins_one_version_and_its_files(lock):
    for entry in entries(lock):
        assert re.fullmatch(r"[\w.-]+==[\w.!+]+( ; [^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", entry), entry


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_nothing_of_where_packages_come_from(lock):
    assert not re.search(r"://|--index|--extra-index|--find-links", (ROOT / lock).read_text())


def test_both_locks_agree():
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert run == {name: dev.get(name) for name in run}


@pytest.mark.parametrize("package", sorted(FLOORS))
def test_no_pinned_package_is_older_than_its_floor(package):
    assert pins("requirements.txt")[package] >= Version(FLOORS[package])


@pytest.mark.parametrize("needs", ["requirements.in", "requirements-dev.in"])
def test_every_direct_need_gives_its_reason(needs):
    lines = [line for line in (ROOT / needs).read_text().splitlines() if line and not line.startswith(("#", "-"))]
    assert lines
    assert [line for line in lines if not re.search(r"\S\s+# \S", line)] == []
