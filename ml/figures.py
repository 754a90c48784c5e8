"""Draw the pictures of a model card from an artifact's card.json. matplotlib is needed by this module alone."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.artifacts import Artifact
from ml.errors import ArtifactError, MlError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK, _ACCENT, _SECOND = "#1d1b26", "#5b3fd6", "#c2561b"


def draw(artifact: Artifact, folder: Path) -> dict[str, Path]:
    """Write curves, confusion and reliability as PNG into the folder; return their paths by these names.

    The confusion matrix and the reliability are those of FER+8 on the first usage that the card has figures of.
    Raises ArtifactError when the card lacks them, MlError when matplotlib is not installed.
    """
    card = artifact.card
    try:
        usage, reports = next(iter(card["evaluation"].items()))
        report, epochs = reports["FER+8"], card["history"]
        figures = {
            "curves": (7.0, 4.0, lambda axes: _curves(axes, epochs)),
            "confusion": (6.4, 5.6, lambda axes: _confusion(axes, report, usage)),
            "reliability": (5.0, 5.0, lambda axes: _reliability(axes, report, usage)),
        }
        return {
            name: _write(folder / f"model-{name}.png", width, height, paint)
            for name, (width, height, paint) in figures.items()
        }
    except (KeyError, StopIteration, TypeError, ValueError) as error:
        raise ArtifactError(f"{artifact.folder}: card.json is incomplete: {error!r}") from error


def _write(path: Path, width: float, height: float, paint: Any) -> Path:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MlError("pictures are drawn with matplotlib: `make dev` installs it") from error
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    paint(figure.add_subplot())
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    # No date and no version in the file: the same card draws the same bytes.
    figure.savefig(part, dpi=110, format="png", metadata={"Software": None})
    part.replace(path)
    return path


def _curves(axes: Axes, epochs: list[dict[str, str]]) -> None:
    numbers = [int(row["epoch"]) for row in epochs]
    for key, label, colour in (
        ("validation_fer_plus_8", "FER+8, validation", _ACCENT),
        ("validation_fer2013_7", "FER2013-7, validation", _SECOND),
    ):
        axes.plot(numbers, [100 * float(row[key]) for row in epochs], color=colour, label=label)
    axes.set(xlabel="epoch", ylabel="accuracy, %", title="Training")
    loss = axes.twinx()
    loss.plot(numbers, [float(row["loss"]) for row in epochs], color=_INK, linestyle=":", label="training loss")
    loss.set_ylabel("training loss (dotted)")
    for before, row in pairwise(epochs):
        if before["size"] != row["size"]:
            axes.axvline(int(row["epoch"]) - 0.5, color="#b9b5c6", linewidth=0.8)
            axes.annotate(f"{row['size']} px", (int(row["epoch"]), axes.get_ylim()[0]), color=_INK, fontsize=8)
    axes.legend(loc="center right")


def _confusion(axes: Axes, report: dict[str, Any], usage: str) -> None:
    counts = np.array(report["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Purples", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        colour = "white" if shares[row, column] > 0.5 else _INK
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=9)
    places = range(len(report["classes"]))
    axes.set_xticks(places, report["classes"], rotation=40, ha="right")
    axes.set_yticks(places, report["classes"])
    axes.set(xlabel="read as", ylabel="label", title=f"FER+8 on {usage}: {report['n']:,} rows")


def _reliability(axes: Axes, report: dict[str, Any], usage: str) -> None:
    rows, confidence, accuracy = (np.array(part) for part in zip(*report["reliability"], strict=True))
    axes.plot([0, 1], [0, 1], color="#b9b5c6", linewidth=1, label="says what it means")
    axes.scatter(confidence, accuracy, s=12 + 300 * rows / rows.sum(), color=_ACCENT, label="bins, area by rows")
    axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.02),
             title=f"FER+8 on {usage}: ECE {report['ece']:.3f}")  # fmt: skip
    axes.legend(loc="upper left")
