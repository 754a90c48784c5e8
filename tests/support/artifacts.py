"""Artifacts for tests that load none: whole by their digests, without a network behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml import artifacts
from ml.types import EMOTIONS, FER_LABELS


def write_artifact(folder: Path, name: str = "other-face", network: bytes = b"not loaded here", **facts: Any) -> Path:
    """Write the three files of an artifact, with a manifest that fits them."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {
        "name": name,
        "temperatures": {"emotion": 1.0, "original": 1.0},
        "emotions": [str(e) for e in EMOTIONS],
        "labels": [str(label) for label in FER_LABELS],
        **facts,
    }
    (folder / "model.keras").write_bytes(network)
    (folder / "card.json").write_text(json.dumps(card))
    resign(folder)
    return folder


def resign(folder: Path) -> None:
    """Make the manifest fit the files, as somebody would who tampers with more care."""
    files = {
        n: {"sha256": artifacts._sha256(folder / n), "bytes": (folder / n).stat().st_size} for n in artifacts.FILES
    }
    (folder / "manifest.json").write_text(json.dumps({"format": artifacts.FORMAT, "files": files}))
