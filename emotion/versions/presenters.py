"""Prepare what the pages of versions show: figures side by side, and the numbers of their plots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emotion.versions.selectors import Agreement
from ml.types import EMOTIONS

SHADES = 5
"""Steps of a cell's colour in a table of counts; the number stands in the cell as well."""
SET_NAMES = {
    "PublicTest": "FER2013, PublicTest",
    "PrivateTest": "FER2013, PrivateTest",
    "site": "Held out on this site",
}


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one figure of a version and of the one beside it; `form` says how it is written.

    `rows` counts what stands behind it, 0 where that says nothing. `better` tells the direction in which the first one
    differs: 1 better, -1 worse, 0 neither.
    """

    name: str
    ours: float | None
    theirs: float | None = None
    form: str = "percent"
    rows: int = 0
    less_is_better: bool = False

    @property
    def ours_text(self) -> str:
        """Return the figure as it is written."""
        return written(self.ours, self.form)

    @property
    def theirs_text(self) -> str:
        """Return the other version's figure as it is written."""
        return written(self.theirs, self.form)

    @property
    def change_text(self) -> str:
        """Return the difference with its sign; shares differ in points."""
        if self.change is None:
            return ""
        sign = "±" if not self._differs else "+" if self.change > 0 else "-"
        text = written(abs(self.change), self.form)
        return sign + (text.replace(" %", " points") if self.form == "percent" else text)

    @property
    def change(self) -> float | None:
        """Return the difference in the figure's own unit."""
        return None if self.ours is None or self.theirs is None else self.ours - self.theirs

    @property
    def _differs(self) -> bool:
        """Tell whether the difference is more than the last digit that is written."""
        return self.change is not None and written(abs(self.change), self.form) != written(0.0, self.form)

    @property
    def better(self) -> int:
        """Return the sign of what changed, as somebody would judge it."""
        change = self.change
        if change is None or not self._differs:
            return 0
        return 1 if (change < 0) == self.less_is_better else -1


def written(value: float | None, form: str) -> str:
    """Return a figure for people; one that was not measured is a dash."""
    if value is None:
        return "-"
    if form == "percent":
        return f"{100 * value:.1f} %"
    if form == "milliseconds":
        return f"{value:.2f} ms"
    return f"{value / 1e6:.2f} MB" if form == "bytes" else f"{value:.4f}"


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold one count of a table and how dark it is, from 0 to SHADES - 1."""

    count: int
    shade: int
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one line of a table of counts."""

    name: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Dot:
    """Place one bin of confidence in a square of 100 by 100, y from the top; `r` grows with its rows."""

    x: float
    y: float
    r: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold the recall of one class as lengths from 0 to 100, at a height in the drawing."""

    name: str
    y: int
    ours: float
    theirs: float | None


@dataclass(frozen=True, slots=True)
class SetFigures:
    """Hold everything that is shown of one data set."""

    key: str
    name: str
    rows: int
    near_duplicates: int | None
    summary: list[Line]
    unseen: list[Line]
    sureness: list[Line]
    classes: list[Line]
    bars: list[Bar]
    confusion: list[Row]
    reliability: list[Dot]
    reliability_theirs: list[Dot]
    disagreements: list[Row]
    agreed_text: str
    ours_right: int
    theirs_right: int


EMOTION_NAMES = [emotion.value for emotion in EMOTIONS]


def figures(evaluation: Mapping[str, Any]) -> list[SetFigures]:
    """Return what an evaluation (see `emotion.versions`) says of each data set, beside the version it was held to."""
    reference = evaluation.get("reference", {}).get("sets", {})
    together = evaluation.get("comparison", {}).get("disagreements", {})
    return [
        _set_figures(name, found, reference.get(name), together.get(name))
        for name, found in evaluation.get("sets", {}).items()
    ]


def _set_figures(
    name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any] | None, together: Mapping[str, Any] | None
) -> SetFigures:
    report = ours["reports"]["FER+8"]
    other = theirs["reports"]["FER+8"] if theirs else None
    classes = _class_lines(report, other)
    return SetFigures(
        key=name,
        name=SET_NAMES.get(name, name),
        rows=ours["rows"],
        near_duplicates=ours.get("near_duplicates_of_training"),
        summary=_summary(ours["reports"], theirs["reports"] if theirs else {}),
        unseen=_summary(ours.get("without_near_duplicates") or {}, (theirs or {}).get("without_near_duplicates") or {}),
        sureness=_sureness(ours.get("sure"), theirs.get("sure") if theirs else None),
        classes=classes,
        bars=[
            Bar(line.name, 12 * number, 100 * line.ours, None if line.theirs is None else 100 * line.theirs)
            for number, line in enumerate(classes)
            if line.ours is not None
        ],
        confusion=counts(report["confusion"], report["classes"]),
        reliability=_dots(report["reliability"]),
        reliability_theirs=_dots(other["reliability"]) if other else [],
        disagreements=counts(together["table"], EMOTION_NAMES) if together else [],
        agreed_text=written(together["agreed"] / together["n"], "percent") if together else "",
        ours_right=together["first_right"] if together else 0,
        theirs_right=together["second_right"] if together else 0,
    )


def _summary(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[Line]:
    lines = []
    for protocol, report in ours.items():
        other = theirs.get(protocol, {})
        rows = report["n"]
        lines += [
            Line(f"{protocol} accuracy", report["accuracy"], other.get("accuracy"), rows=rows),
            Line(f"{protocol} macro-F1", report["macro_f1"], other.get("macro_f1"), "number", rows),
            Line(f"{protocol} calibration error", report["ece"], other.get("ece"), "number", rows, less_is_better=True),
        ]
    return lines


def _sureness(ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> list[Line]:
    if not ours:
        return []
    other = theirs or {}
    names = (
        ("coverage", "stated plainly"),
        ("accuracy_when_sure", "right where stated plainly"),
        ("top2_when_not_sure", "one of two right where not sure"),
    )
    return [Line(words, ours[key], other.get(key), rows=ours["n"]) for key, words in names]


def _class_lines(report: Mapping[str, Any], other: Mapping[str, Any] | None) -> list[Line]:
    return [
        Line(
            name,
            report["recall"][name],
            other["recall"].get(name) if other else None,
            rows=sum(report["confusion"][number]),
        )
        for number, name in enumerate(report["classes"])
    ]


def counts(table: Sequence[Sequence[int]], names: Sequence[str]) -> list[Row]:
    """Return a table of counts, each cell as dark as its share of its row."""
    return [
        Row(
            name,
            [
                Cell(count, min(SHADES - 1, SHADES * count // max(1, sum(row))), row_number == column)
                for column, count in enumerate(row)
            ],
        )
        for row_number, (name, row) in enumerate(zip(names, table, strict=True))
    ]


def _dots(bins: Sequence[Sequence[float]]) -> list[Dot]:
    whole = sum(rows for rows, _, _ in bins)
    return [
        Dot(
            round(100 * confidence, 1),
            round(100 - 100 * accuracy, 1),
            round(1.2 + 6 * (rows / max(1, whole)) ** 0.5, 1),
            int(rows),
            confidence,
            accuracy,
        )
        for rows, confidence, accuracy in bins
    ]


def robustness(evaluation: Mapping[str, Any]) -> list[Line]:
    """Return one line a way to spoil a face, the untouched ones first; empty where nothing was measured."""
    ours = evaluation.get("robustness") or {}
    theirs = (evaluation.get("reference") or {}).get("robustness") or {}
    if not ours:
        return []
    other = {line["name"]: line["accuracy"] for line in theirs.get("corruptions", [])}
    return [
        Line("untouched", ours["accuracy"], theirs.get("accuracy"), rows=ours["n"]),
        *(Line(c["name"], c["accuracy"], other.get(c["name"]), rows=ours["n"]) for c in ours["corruptions"]),
    ]


def costs(evaluation: Mapping[str, Any]) -> list[Line]:
    """Return latency and size."""
    other = evaluation.get("reference") or {}
    lines = []
    if evaluation.get("latency_ms") is not None:
        lines.append(
            Line("one face", evaluation["latency_ms"], other.get("latency_ms"), "milliseconds", less_is_better=True)
        )
    if "size" in evaluation:
        lines.append(Line("size", evaluation["size"], other.get("size"), "bytes", less_is_better=True))
    return lines


def shares(agreement: Agreement) -> dict[str, str]:
    """Return what looking on has shown as it is written; nothing of people's words where too few gave one."""
    found = {name: written(getattr(agreement, name), "percent") for name in ("agreed", "sure", "candidate_sure")}
    if agreement.right is not None:
        active, candidate, readings = agreement.right
        found |= {
            "active_right": written(active, "percent"),
            "candidate_right": written(candidate, "percent"),
            "told": str(readings),
        }
    return found
