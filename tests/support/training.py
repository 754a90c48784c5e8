"""A tiny real training on a running stack: its own process gives a person samples, and makes a small network active."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from tests.support.stack import ROOT

PREPARE = """
import sys
import django
django.setup()
from tests.training.conftest import person, samples_of, small_network
from emotion.models import ModelVersion
from emotion.versions.services import version_from_artifact, version_promote
from pathlib import Path
folder = small_network(Path(sys.argv[1]))
version = version_from_artifact(folder=folder, origin=ModelVersion.Origin.IMPORTED)
version_promote(version=version, actor=None, override_reason="a small network, for a test of training")
samples_of(person(), int(sys.argv[2]))
"""
START = """
import sys
import django
django.setup()
from emotion.training.services import training_run_create
print(training_run_create(actor=None, kind="fine_tune", options={"epochs": int(sys.argv[1])}).pk)
"""


def in_stack(stack: Any, program: str, *arguments: str) -> str:
    """Run a program with the stack's settings and return what it printed last."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT, env=stack.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""


def prepare(stack: Any, samples: int) -> None:
    """Make a small network the active version, and give somebody accepted samples."""
    in_stack(stack, PREPARE, str(stack.folder / "small"), str(samples))


def start(stack: Any, epochs: int) -> int:
    """Start a fine-tuning and return its number."""
    return int(in_stack(stack, START, str(epochs)))
