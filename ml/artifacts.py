"""Write and read model artifacts. An artifact is untrusted input until its digests have been checked.

An artifact is a folder of three files:

* `model.keras`: the network, float32, without optimizer state;
* `card.json`: how it was made and what it measured, see `training.py`;
* `manifest.json`: format version, sizes and SHA-256 of the other two.

Format 1 (2026-11): two heads, "emotion" and "original"; temperatures in the card, and, where it has been fitted, the
confidence from which a reading is sure.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml.errors import ArtifactError
from ml.types import EMOTIONS, FER_LABELS

if TYPE_CHECKING:
    import keras

FORMAT = 1
FILES = ("model.keras", "card.json")
HEADS = ("emotion", "original")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
"""What a network may be called: its version is shown, stored and logged."""
DEFAULT = Path(__file__).parent / "weights"
"""The artifact that ships with the project."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """Name a checked artifact: its folder, its card and its version, e.g. `mood-face-1a2b3c4d`.

    `sha256` and `size`, in bytes, are those of the network's file.
    """

    folder: Path
    card: dict[str, Any]
    version: str
    sha256: str
    size: int


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(model: keras.Model, card: dict[str, Any], folder: Path) -> Artifact:
    """Write an artifact and return it. Each file is written beside its place and renamed; the manifest comes last."""
    folder.mkdir(parents=True, exist_ok=True)
    card = {**card, "emotions": [str(e) for e in EMOTIONS], "labels": [str(label) for label in FER_LABELS]}
    with tempfile.TemporaryDirectory(dir=folder, prefix="write-") as scratch_name:
        scratch = Path(scratch_name)
        write_network(model, scratch / "model.keras")
        _seal(scratch, card)
        for name in (*FILES, "manifest.json"):
            (scratch / name).replace(folder / name)
    return check(folder)


def write_network(model: keras.Model, path: Path) -> None:
    """Write a network as it ships. Its large weights are rounded, in the model too, see `_rounded`."""
    for weight in model.weights:
        if len(weight.shape) > 1:
            weight.assign(_rounded(np.asarray(weight)))
    model.save(path, include_optimizer=False)
    _deflate(path)


def _rounded(weights: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return float32 weights rounded to the eleven significant bits of a float16, without its narrow range.

    Every copy of a network stays in the project's history: rounded and deflated it takes little more than half.
    """
    bits = np.ascontiguousarray(weights, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32)


def _deflate(path: Path) -> None:
    """Compress what Keras stores in a .keras file as it is; Keras reads either."""
    packed = path.with_name("packed")
    with (
        zipfile.ZipFile(path) as stored,
        zipfile.ZipFile(packed, "x", zipfile.ZIP_DEFLATED, compresslevel=9) as smaller,
    ):
        for name in stored.namelist():
            smaller.writestr(name, stored.read(name))
    packed.replace(path)


def amend(folder: Path, facts: dict[str, Any]) -> Artifact:
    """Add facts to the card of a checked artifact, or replace them; the network and its version stay as they are."""
    card = {**check(folder).card, **facts}
    with tempfile.TemporaryDirectory(dir=folder, prefix="write-") as scratch_name:
        scratch = Path(scratch_name)
        shutil.copyfile(folder / "model.keras", scratch / "model.keras")
        _seal(scratch, card)
        check(scratch)
        for name in ("card.json", "manifest.json"):
            (scratch / name).replace(folder / name)
    return check(folder)


def _seal(folder: Path, card: dict[str, Any]) -> None:
    """Write the card and the manifest beside a network."""
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n")
    files = {n: {"sha256": _sha256(folder / n), "bytes": (folder / n).stat().st_size} for n in FILES}
    (folder / "manifest.json").write_text(json.dumps({"format": FORMAT, "files": files}, indent=2) + "\n")


def check(folder: Path) -> Artifact:
    """Verify an artifact without loading the network. Raises ArtifactError naming the file and the reason."""
    manifest = _read_json(folder, "manifest.json")
    if manifest.get("format") != FORMAT:
        raise ArtifactError(f"{folder}: this version reads artifact format {FORMAT} only")
    entries = manifest.get("files")
    if not isinstance(entries, dict) or set(entries) != set(FILES):
        raise ArtifactError(f"{folder}: the manifest must list exactly {', '.join(FILES)}")
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{folder}: {name} is missing")
        if not isinstance(entries[name], dict) or _sha256(path) != entries[name].get("sha256"):
            raise ArtifactError(f"{folder}: {name} differs from its SHA-256 in the manifest")
    card = _read_json(folder, "card.json")
    _check_card(folder, card)
    sha256 = entries["model.keras"]["sha256"]
    return Artifact(folder, card, f"{card['name']}-{sha256[:8]}", sha256, (folder / "model.keras").stat().st_size)


def _check_card(folder: Path, card: dict[str, Any]) -> None:
    """Raise ArtifactError unless a card says all that reading a face needs."""
    if card.get("emotions") != [str(e) for e in EMOTIONS] or card.get("labels") != [str(c) for c in FER_LABELS]:
        raise ArtifactError(f"{folder}: the classes or their order are not this project's")
    if not isinstance(card.get("name"), str) or not NAME.fullmatch(card["name"]):
        raise ArtifactError(f"{folder}: card.json names no network")
    temperatures = card.get("temperatures")
    if not isinstance(temperatures, dict) or not all(_is_positive(temperatures.get(head)) for head in HEADS):
        raise ArtifactError(f"{folder}: card.json needs a temperature above 0 for each of {', '.join(HEADS)}")
    sure = card.get("sure", {"confidence": 0.5})
    if not isinstance(sure, dict) or not _is_positive(sure.get("confidence")) or sure["confidence"] >= 1:
        raise ArtifactError(
            f"{folder}: the confidence from which card.json calls a reading sure is not between 0 and 1"
        )
    faults = card.get("faults", {})
    if not isinstance(faults, dict) or not all(_is_positive(rise) and rise >= 1 for rise in faults.values()):
        raise ArtifactError(
            f"{folder}: card.json does not lower the confidence, by a number of at least 1 for each fault"
        )


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # the last of brackets in brackets in brackets
        raise ArtifactError(f"{folder}: {name} cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{folder}: {name} must hold one JSON object")
    return content


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value > 0


def load(folder: Path = DEFAULT) -> tuple[Artifact, keras.Model]:
    """Check an artifact and load its network. Raises ArtifactError when either fails."""
    artifact = check(folder)
    import keras  # imported here: checking an artifact must not cost a TensorFlow start

    try:
        model = keras.saving.load_model(folder / "model.keras", compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError, KeyError) as error:
        raise ArtifactError(f"{folder}: model.keras cannot be loaded: {error}") from error
    shapes = {name: output.shape[-1] for name, output in zip(model.output_names, model.outputs, strict=True)}
    if shapes != {"emotion": len(EMOTIONS), "original": len(FER_LABELS)}:
        raise ArtifactError(f"{folder}: the network's outputs are {shapes}")
    return artifact, model


def copy(source: Path, target: Path) -> Artifact:
    """Copy a checked artifact to another folder and check the copy."""
    check(source)
    target.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, "manifest.json"):
        shutil.copyfile(source / name, target / f"{name}.part")
        (target / f"{name}.part").replace(target / name)
    return check(target)
