"""Measure a trained network for its card: calibration on held-out rows, figures and robustness on the test rows.

Held-out rows are divided in two, near-duplicates on one side: one half fits the temperatures, and on the other half,
at those temperatures, the confidence is found which four faces in five reach. Below it a reading is not sure: the two
likeliest emotions are shown, and the person picks.

Held-out rows are also spoiled beyond each limit of `quality.py`. The network does not know how often it is wrong there:
by as much as its temperature would have to rise, that of such a face rises when it is read, and its confidence falls.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ml import datasets, evaluation, robustness
from ml.calibration import fit_sure_confidence, fit_temperature, softmax
from ml.classifier import Classifier, Network, logits_of
from ml.datasets import FerRows
from ml.errors import DatasetError
from ml.quality import SURE_CONFIDENCE, doubt, faults_seen
from ml.types import EMOTIONS, Advice

Faces: TypeAlias = npt.NDArray[np.uint8]
Truth: TypeAlias = npt.NDArray[np.intp]

SURE_COVERAGE = 0.8
"""The share of faces that shall get a plain statement."""

FAULTS: dict[Advice, robustness.Spoil] = {
    Advice.DARK: robustness.dim(0.2, 3),
    Advice.BRIGHT: robustness.burn(2.5),
    Advice.BLURRED: robustness.blur(1.5),
    Advice.SMALL_FACE: robustness.coarse(24),
}
"""How a face comes to lie just beyond each limit that pixels can show. A box of 19 pixels spans 24 of a face's 48."""

LEAST_ROWS = 100
"""Fewer held-out rows than this cannot calibrate a network that starts from a calibrated one."""


def facts(
    network: Network,
    name: str,
    held_out: FerRows,
    data: Path | None,
    seed: int,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what a card says of a network: temperatures, the rule for "not sure", all figures of the test rows.

    Robustness is measured on the first usage that the data folder holds test rows of; without a folder nothing is
    measured. `before` is the card of the network that it started from, see `calibrate`.
    """
    calibration = calibrate(network, held_out, seed, before)
    figures: dict[str, Any] = {}
    unseen: dict[str, Any] = {}
    sure: dict[str, Any] = {}
    robust: dict[str, Any] = {}
    doubted: dict[str, Any] = {}
    if data is not None:
        enough = calibration["sure"].get("confidence", SURE_CONFIDENCE)
        classifier = Classifier(network, calibration["temperatures"], name, enough, calibration.get("faults"))
        images = datasets.load(data, "Training").images
        for usage in ("PublicTest", "PrivateTest"):
            rows = datasets.load(data, usage)
            if not len(rows):
                continue
            measured = evaluation.measure(classifier, rows, evaluation.repeats(rows.images, images)).as_dict()
            figures[usage], unseen[usage] = measured["reports"], measured["without_near_duplicates"]
            sure[usage] = measured["sure"]
            if not robust:
                robust = {"usage": usage, **robustness.measure(classifier, rows, seed)}
                doubted = {"usage": usage, "faults": _doubted(classifier, rows, seed)}
    return {
        "temperatures": calibration["temperatures"],
        "faults": calibration["faults"],
        **({"sure": {**calibration["sure"], "measured": sure}} if calibration["sure"] else {}),
        "evaluation": figures,
        "evaluation_without_near_duplicates": unseen,
        "robustness": robust,
        "faults_measured": doubted,
    }


def calibrate(
    network: Network, held_out: FerRows, seed: int, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the temperatures fitted on one half of the held-out rows and the sure confidence fitted on the other.

    With them comes, from the first half, how much the temperature rises for each fault, see `FAULTS`.

    A network that started from another, whose card is `before`, keeps that one's where there are fewer than LEAST_ROWS
    rows to fit on. Raises DatasetError when there are no rows and nothing to keep.
    """
    chosen, winner = datasets.single_highest(held_out.votes, len(EMOTIONS))
    if before is not None and chosen.sum() < LEAST_ROWS:
        return {
            "temperatures": before["temperatures"],
            "sure": before.get("sure", {}),
            "faults": before.get("faults", {}),
        }
    if not chosen.any():
        raise DatasetError("no held-out row has a single highest vote: there is nothing to calibrate on")
    second = datasets.split_groups(held_out.images, 0.5, seed + 1)
    emotion, original = logits_of(network, held_out.images)
    fitting, choosing = chosen & ~second, chosen & second
    if not fitting.any() or not choosing.any():  # a trial run on a handful of rows: better than no calibration at all
        fitting = choosing = chosen
    labelled = fitting & (held_out.labels >= 0)
    if not labelled.any() and before is None:
        raise DatasetError("no held-out row has an original label: there is nothing to calibrate on")
    temperature = fit_temperature(emotion[fitting], winner[fitting])
    return {
        "temperatures": {
            "emotion": temperature,
            "original": fit_temperature(original[labelled], held_out.labels[labelled].astype(np.intp))
            if labelled.any()
            else (before or {})["temperatures"]["original"],
        },
        "faults": _rises(network, held_out.images[fitting], winner[fitting], temperature, seed),
        "sure": {
            "confidence": fit_sure_confidence(softmax(emotion[choosing], temperature), SURE_COVERAGE),
            "wanted_coverage": SURE_COVERAGE,
            "temperature_rows": int(fitting.sum()),
            "confidence_rows": int(choosing.sum()),
        },
    }


def _rises(network: Network, faces: Faces, truth: Truth, temperature: float, seed: int) -> dict[str, float]:
    """Return by how much the temperature rises for each fault; one that no face shows when spoiled is left out."""
    rises = {}
    for fault, (spoiled, rows) in _spoiled(faces, seed).items():
        if rows.any():
            emotion, _ = logits_of(network, spoiled)
            rises[fault.value] = max(1.0, fit_temperature(emotion, truth[rows]) / temperature)
    return rises


def _doubted(classifier: Classifier, rows: FerRows, seed: int) -> dict[str, Any]:
    """Return n, accuracy and mean confidence of test faces with each fault, and what it would be without the rise."""
    chosen, winner = datasets.single_highest(rows.votes, len(EMOTIONS))
    found = {}
    for fault, (spoiled, flagged) in _spoiled(rows.images[chosen], seed).items():
        if not flagged.any():
            continue
        plain, _ = classifier.probabilities(spoiled)
        risen, _ = classifier.probabilities(spoiled, [doubt([fault], classifier.faults)] * len(spoiled))
        found[fault.value] = {
            "n": len(spoiled),
            "accuracy": float((risen.argmax(axis=1) == winner[chosen][flagged]).mean()),
            "confidence": float(risen.max(axis=1).mean()),
            "confidence_without": float(plain.max(axis=1).mean()),
        }
    return found


def _spoiled(faces: Faces, seed: int) -> dict[Advice, tuple[Faces, npt.NDArray[np.bool_]]]:
    """Return, for each fault, the faces that show it once they are spoiled, and which rows they are."""
    result = {}
    for fault, spoil in FAULTS.items():
        rng = np.random.default_rng(seed)
        spoiled = np.stack([spoil(face, rng) for face in faces])
        # How few pixels a face had does not show in it: spoiled so, each has too few.
        rows = np.array([fault is Advice.SMALL_FACE or fault in faults_seen(face) for face in spoiled], bool)
        result[fault] = spoiled[rows], rows
    return result
