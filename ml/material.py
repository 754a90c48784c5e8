"""What a run learns from: the Training rows of a data folder, a site's own samples, or both.

No row is on both sides: what a network is validated or measured on, and what shows nearly the same picture, is left out
of what it learns from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml import datasets
from ml.datasets import FerRows
from ml.errors import DatasetError
from ml.types import EMOTIONS

SMOOTHING = 0.1
"""How much of a sample's target is spread over all emotions: one person's word is surer than a tie, not certain."""


@dataclass(frozen=True, slots=True)
class LearningRows:
    """Hold faces with what is to be learned of them.

    images: uint8 (n, 48, 48). targets: float32 (n, 8), a distribution in the order of EMOTIONS.
    labels: int64 (n,), class numbers in the order of FER_LABELS, -1 where nobody gave an original label.
    weights: float32 (n,), how often an epoch shows the row, in expectation and before rare classes are repeated.
    """

    images: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> LearningRows:
        """Return the rows of an index array or a boolean mask, in that order."""
        return LearningRows(self.images[rows], self.targets[rows], self.labels[rows], self.weights[rows])

    def joined(self, other: LearningRows) -> LearningRows:
        """Return these rows and those of another after them."""
        return LearningRows(
            np.concatenate([self.images, other.images]),
            np.concatenate([self.targets, other.targets]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.weights, other.weights]),
        )


@dataclass(frozen=True, slots=True)
class Material:
    """Join what a run learns from and what it is validated on.

    `digest` tells it from any other material. `data` is the folder of the base rows and `base_digest` their SHA-256;
    both are None where there are none. `tests` holds the pictures of the folder's test rows, uint8 (n, 48, 48).
    `counts` says how many rows went where.
    """

    train: LearningRows
    validation: FerRows
    digest: str
    counts: dict[str, int]
    sets: str
    data: Path | None
    base_digest: str | None
    tests: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Samples:
    """Hold a site's own faces, each with one emotion.

    images: uint8 (n, 48, 48). emotions: intp (n,), numbers in the order of EMOTIONS. `validating` and `held_out`:
    bool (n,), the rows that draw the curve and those on which versions are measured; the rest is learned from.
    `digest` tells these samples from any others.
    """

    images: npt.NDArray[np.uint8]
    emotions: npt.NDArray[np.intp]
    validating: npt.NDArray[np.bool_]
    held_out: npt.NDArray[np.bool_]
    digest: str

    def __len__(self) -> int:
        return len(self.images)

    def rows(self, chosen: npt.NDArray[np.bool_]) -> FerRows:
        """Return some samples as rows with ten votes for their emotion and no original label (-1)."""
        count = int(chosen.sum())
        votes = np.zeros((count, len(datasets.VOTE_COLUMNS)), np.float32)
        votes[np.arange(count), self.emotions[chosen]] = 10
        return FerRows(self.images[chosen], votes, np.full(count, -1, np.int64))


def base(data: Path, *, seed: int, validation_fraction: float, limit: int | None = None) -> Material:
    """Read and divide the Training rows of a folder; the same data and numbers give the same parts.

    Raises DatasetError.
    """
    training = datasets.load(data, "Training")
    digest = datasets.digest(training)
    if limit:
        training = training.take(np.arange(min(limit, len(training))))
    usable, targets = datasets.vote_distribution(training.votes)
    tests = np.concatenate([datasets.load(data, usage).images for usage in ("PublicTest", "PrivateTest")])
    dropped = _near(training.images, tests)
    keep = np.flatnonzero(usable & ~dropped)
    held = datasets.split_groups(training.images[keep], validation_fraction, seed)
    learned, validation = keep[~held], training.take(keep[held])
    counts = {
        "training_rows": len(training),
        "unusable_votes": int((~usable).sum()),
        "near_duplicates_of_test_rows": int(dropped.sum()),
        "trained_on": len(learned),
        "validation": len(validation),
    }
    rows = LearningRows(
        training.images[learned], targets[learned], training.labels[learned], np.ones(len(learned), np.float32)
    )
    return Material(rows, validation, digest, counts, "FER2013 with FER+ votes", data, digest, tests)


def mixed(samples: Samples, rows: Material | None, share: float | None = None) -> Material:
    """Join a site's samples with base rows, or take them alone.

    With a share, an epoch shows so many base rows that they make up about that share of it, others each time; without
    one it shows all of them. Raises DatasetError when nothing is left to learn from.
    """
    apart = samples.held_out | samples.validating
    learned, validation = _targets(samples, ~apart), samples.rows(samples.validating & ~samples.held_out)
    unseen = [samples.images[apart]]
    if rows is not None:
        unseen += [rows.validation.images, rows.tests]
    repeated = _near(learned.images, np.concatenate(unseen))
    learned = learned.take(~repeated)
    counts = {
        "site_samples": len(samples),
        "site_near_duplicates_of_rows_held_back": int(repeated.sum()),
        "site_trained_on": len(learned),
        "site_validation": len(validation),
        "site_held_out": int(samples.held_out.sum()),
    }
    if not len(learned):
        raise DatasetError("no sample is left to learn from")
    if rows is None:
        tests = np.empty((0, datasets.IMAGE_SIZE, datasets.IMAGE_SIZE), np.uint8)
        return Material(learned, validation, samples.digest, counts, "samples of this site", None, None, tests)
    known = rows.train.take(~_near(rows.train.images, samples.images[apart]))
    if share is not None:
        weight = min(1.0, share / (1 - share) * len(learned) / max(1, len(known)))
        known = replace(known, weights=np.full(len(known), weight, np.float32))
    both = FerRows(
        np.concatenate([rows.validation.images, validation.images]),
        np.concatenate([rows.validation.votes, validation.votes]),
        np.concatenate([rows.validation.labels, validation.labels]),
    )
    return Material(
        known.joined(learned), both, f"{rows.digest}-{samples.digest}", {**rows.counts, **counts},
        f"{rows.sets}, samples of this site", rows.data, rows.base_digest, rows.tests,
    )  # fmt: skip


def _near(images: npt.NDArray[np.uint8], others: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return a mask (n,) of the pictures that show nearly the same as one of the others."""
    mask = np.zeros(len(images), bool)
    if len(images) and len(others):
        mask[[row for row, _ in datasets.near_duplicates(images, others)]] = True
    return mask


def _targets(samples: Samples, chosen: npt.NDArray[np.bool_]) -> LearningRows:
    wanted = np.eye(len(EMOTIONS), dtype=np.float32)[samples.emotions[chosen]]
    targets = (wanted * (1 - SMOOTHING) + SMOOTHING / len(EMOTIONS)).astype(np.float32)
    count = len(targets)
    return LearningRows(samples.images[chosen], targets, np.full(count, -1, np.int64), np.ones(count, np.float32))
