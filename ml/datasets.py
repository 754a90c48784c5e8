"""Read FER2013 and the FER+ votes, as Kaggle and Microsoft publish them.

A data folder holds `fer2013.csv` (or `fer2013.csv.gz`: emotion, pixels, Usage) and `fer2013new.csv`
(the votes of ten people), row for row. The protocol of every figure in this project is written here:

* FER+8: rows whose single highest vote among all ten columns is one of the eight emotions.
* FER+7: the same without contempt.
* FER2013-7: the original label, all rows.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.errors import DatasetError
from ml.types import EMOTIONS, FER_LABELS

IMAGE_SIZE = 48
VOTE_COLUMNS: tuple[str, ...] = (*(str(e) for e in EMOTIONS), "unknown", "NF")
USAGES = ("Training", "PublicTest", "PrivateTest")

# Looked at by eye on the published rows, PublicTest against Training, twelve pairs a band: from .95 up
# all pairs show the same picture (cropped, marked or scaled anew), between .94 and .95 the first strangers appear.
DUPLICATE_CORRELATION = 0.95


@dataclass(frozen=True, slots=True)
class FerRows:
    """Hold rows of FER2013 with their FER+ votes.

    images: uint8 (n, 48, 48). votes: float32 (n, 10), counts in the order of VOTE_COLUMNS.
    labels: int64 (n,), class numbers in the order of FER_LABELS.
    """

    images: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> FerRows:
        """Return the rows of an index array or a boolean mask, in that order."""
        return FerRows(self.images[rows], self.votes[rows], self.labels[rows])


def load(folder: Path, usage: str) -> FerRows:
    """Read the rows of one usage (Training, PublicTest or PrivateTest).

    Raises DatasetError when a file is missing, malformed, or the two files disagree row for row.
    """
    if usage not in USAGES:
        raise DatasetError(f"unknown usage {usage!r}: one of {', '.join(USAGES)}")
    pixels_path = next((p for p in (folder / "fer2013.csv", folder / "fer2013.csv.gz") if p.is_file()), None)
    votes_path = folder / "fer2013new.csv"
    if pixels_path is None or not votes_path.is_file():
        raise DatasetError(f"{folder} must hold fer2013.csv (or fer2013.csv.gz) and fer2013new.csv")
    images: list[npt.NDArray[np.uint8]] = []
    votes: list[list[int]] = []
    labels: list[int] = []
    columns = {"emotion", "pixels", "Usage"}, {"Usage", *VOTE_COLUMNS}
    try:
        pairs = zip(_rows(pixels_path, columns[0]), _rows(votes_path, columns[1]), strict=True)
        for line, (face, vote) in enumerate(pairs, start=2):
            if face["Usage"] != vote["Usage"]:
                raise DatasetError(f"line {line}: {pixels_path.name} and {votes_path.name} are not the same picture")
            if face["Usage"] != usage:
                continue
            image, label = np.fromstring(face["pixels"], np.int64, sep=" "), int(face["emotion"])
            if image.size != IMAGE_SIZE**2 or image.min() < 0 or image.max() > 255:
                raise DatasetError(f"{pixels_path.name}, line {line}: pixels are not 48x48 values from 0 to 255")
            if not 0 <= label < len(FER_LABELS):
                raise DatasetError(f"{pixels_path.name}, line {line}: emotion is not one of 0 to {len(FER_LABELS) - 1}")
            images.append(image.astype(np.uint8).reshape(IMAGE_SIZE, IMAGE_SIZE))
            votes.append([int(vote[column]) for column in VOTE_COLUMNS])
            labels.append(label)
    except (ValueError, OSError, EOFError, csv.Error) as error:
        raise DatasetError(f"cannot read {folder}: {error}") from error
    return FerRows(
        np.stack(images) if images else np.empty((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8),
        np.array(votes, np.float32).reshape(-1, len(VOTE_COLUMNS)),
        np.array(labels, np.int64),
    )


def _rows(path: Path, needed: set[str]) -> Iterator[dict[str, str]]:
    """Yield the lines of a CSV file, plain or gzipped, after checking that the needed columns are there."""
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
        reader = csv.DictReader(file)
        missing = needed - set(reader.fieldnames or ())
        if missing:
            raise DatasetError(f"{path.name} lacks the columns {', '.join(sorted(missing))}")
        yield from reader


def digest(rows: FerRows) -> str:
    """Return the SHA-256 of the rows' pixels, votes and labels: the same data, the same digest."""
    sha = hashlib.sha256()
    for array in (rows.images, rows.votes, rows.labels):
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def single_highest(votes: npt.NDArray[np.float32], classes: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.intp]]:
    """Apply the FER+ majority rule: keep rows with one single highest vote among all ten columns.

    Returns a mask (n,) of rows whose winner is among the first `classes` emotions, and the winners (n,).
    """
    best = votes.max(axis=1)
    winner = votes.argmax(axis=1)
    single = (votes == best[:, None]).sum(axis=1) == 1
    return single & (winner < classes), winner


def vote_distribution(votes: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float32]]:
    """Turn votes into training targets, as the FER+ authors do (Barsoum et al. 2016, section 4).

    Single votes are taken for noise and zeroed, unknown and NF are dropped, the rest is normalised over
    the eight emotions. Returns a mask (n,) of usable rows, those where the eight emotions hold more votes
    than unknown and NF together, and the targets (n, 8).
    """
    kept = np.where(votes > 1, votes, 0.0).astype(np.float32)
    emotions = kept[:, : len(EMOTIONS)]
    total = emotions.sum(axis=1)
    usable = (total > 0) & (total > kept[:, len(EMOTIONS) :].sum(axis=1))
    return usable, (emotions / np.maximum(total, 1.0)[:, None]).astype(np.float32)


def _descriptors(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    pooled = images.reshape(len(images), 16, 3, 16, 3).mean(axis=(2, 4)).reshape(len(images), 256)
    pooled -= pooled.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(pooled, axis=1, keepdims=True)
    return np.asarray(pooled / np.maximum(norm, 1e-6), np.float32)


def near_duplicates(
    first: npt.NDArray[np.uint8], second: npt.NDArray[np.uint8], threshold: float = DUPLICATE_CORRELATION
) -> list[tuple[int, int]]:
    """Return the pairs (row of first, row of second) that show nearly the same picture.

    Pictures are compared by the correlation of their 16x16 means, so brightness and contrast do not
    matter. Exhaustive: n x m products, a few seconds for the whole of FER2013 against a test part.
    """
    right = _descriptors(second)
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(first), 2048):
        rows, columns = np.nonzero(_descriptors(first[start : start + 2048]) @ right.T >= threshold)
        pairs.extend(zip((rows + start).tolist(), columns.tolist(), strict=True))
    return pairs


def split_groups(images: npt.NDArray[np.uint8], fraction: float, seed: int) -> npt.NDArray[np.bool_]:
    """Choose about `fraction` of the rows for validation, near-duplicates always on the same side.

    Returns a mask (n,), true for validation; the same images and seed give the same mask.
    """
    parent = np.arange(len(images))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for a, b in near_duplicates(images, images):
        if a < b:
            parent[root(b)] = root(a)
    roots = np.array([root(row) for row in range(len(images))])
    groups = np.unique(roots)
    chosen = np.random.default_rng(seed).random(len(groups)) < fraction
    return np.asarray(np.isin(roots, groups[chosen]))
