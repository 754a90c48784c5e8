"""Write a model card in Markdown from an artifact's card.json. Every figure comes from there, none is typed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ml.artifacts import Artifact
from ml.errors import ArtifactError

PROTOCOLS = {
    "FER+8": "rows whose single highest vote among all ten columns is one of the eight emotions",
    "FER+7": "the same without contempt",
    "FER2013-7": "the original label, all rows; read by the second head",
}

_LIMITS = """\
- An expression is not a feeling. The network tells what a face shows to ten strangers, not what the person feels.
- The labels are votes of people who often disagree: the original FER2013 labels and the FER+ votes agree on about
  two rows in three, and people reach 65 +- 5 % on the original ones (Goodfellow et al. 2013). No figure above can be
  cleaner than its labels.
- FER2013 knows nothing about the people in it: no age, gender, skin colour or origin. Whether the network reads some
  people worse than others cannot be told from this data, and must be assumed. Who has such labels can measure it:
  `python -m ml evaluate --data DIR --groups groups.csv` prints every figure for each group with a 95 % interval.
- Its pictures are small, grey, mostly posed or taken from the web. Faces in profile, covered, dark, blurred or below
  about 30 pixels are read badly; the pipeline measures these faults and then does not call itself sure.
- Rare classes are learned from few pictures: read their recall together with their number of rows.
- Not for medicine, work, school, police, advertising or any decision about a person."""


def markdown(artifact: Artifact, figures: Mapping[str, str] | None = None) -> str:
    """Return the model card of a checked artifact. Raises ArtifactError when its card lacks a fact.

    `figures` maps curves, confusion and reliability to the links of their pictures, if these have been drawn.
    """
    card, links = artifact.card, figures or {}
    try:
        facts = [
            _origin(card),
            _evaluations(card, links),
            _sure(card, links),
            _robust(card),
            _ablation(card),
            "## Speed and memory\n\n" + speed(card["speed"]) if "speed" in card else "",
            "## Limits\n\n" + _LIMITS,
            _history(card.get("history", []), links),
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ArtifactError(f"{artifact.folder}: card.json is incomplete: {error!r}") from error
    title = f"# Model card: {artifact.version}"
    sections = [title, "Generated from the artifact's card.json by `python -m ml card`; do not edit.", *facts]
    return "\n\n".join(section for section in sections if section) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is left-aligned, the others right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _origin(card: dict[str, Any]) -> str:
    data, config = card["data"], card["config"]
    schedule = ", ".join(f"{epochs} epochs at {size} px" for size, epochs in config["schedule"])
    facts = {
        "made": card["created"],
        "command": f"`{card['command']}`",
        "git revision at the start": f"`{card['git_revision'] or 'unknown'}`",
        "seed": str(config["seed"]),
        "parameters": f"{card['parameters']:,}",
        "schedule": schedule,
        "libraries": ", ".join(f"{name} {version}" for name, version in card["libraries"].items()),
        "data": data["sets"],
        "SHA-256 of the Training rows": f"`{data['training_sha256']}`",
        **{name.replace("_", " "): f"{count:,}" for name, count in data.items() if isinstance(count, int)},
        "temperatures": ", ".join(f"{head} {value:.3f}" for head, value in card["temperatures"].items()),
    }
    return "## Origin\n\n" + table(("fact", "value"), facts.items())


def _evaluations(card: dict[str, Any], links: Mapping[str, str]) -> str:
    words = "\n".join(f"- **{name}**: {meaning}." for name, meaning in PROTOCOLS.items())
    parts = [
        "## Figures",
        words + "\n\nPrediction is the argmax; a face that is not clear at first sight is looked at four times, "
        "mirrored and a little enlarged too. ECE: 15 equal bins. "
        "Macro-F1 averages over the classes that occur. No test row, nor a near-duplicate of one, was trained on.",
    ]
    unseen = card.get("evaluation_without_near_duplicates", {})
    for usage, reports in card["evaluation"].items():
        parts.append(f"### {usage}\n\n{summary(reports)}")
        if unseen.get(usage):
            parts.append(f"Without rows of which Training holds a near-duplicate:\n\n{summary(unseen[usage])}")
        parts.extend(f"#### {usage}, {name}: confusion\n\n{confusion(report)}" for name, report in reports.items())
    parts.append(_picture(links, "confusion", "Confusion matrix of FER+8"))
    return "\n\n".join(part for part in parts if part)


def _picture(links: Mapping[str, str], name: str, words: str) -> str:
    return f"![{words}]({links[name]})" if name in links else ""


def _sure(card: dict[str, Any], links: Mapping[str, str]) -> str:
    rule = card.get("sure")
    if not rule:
        return ""
    words = (
        f"A reading is stated plainly from a confidence of {rule['confidence']:.3f} on, unless the face is dark, "
        "burnt out, blurred, small or turned away, or one of several. Otherwise the two likeliest emotions are shown "
        "and the person picks.\n"
        f"The temperature was fitted on {rule['temperature_rows']} held-out rows; on {rule['confidence_rows']} others "
        f"{rule['wanted_coverage']:.0%} reach this confidence. Measured on FER+8, by the confidence alone:"
    )
    parts = [words, *(f"{usage}:\n\n{sureness(found)}" for usage, found in rule["measured"].items())]
    parts.append(_picture(links, "reliability", "Reliability: accuracy of FER+8 by confidence"))
    parts.append(_doubts(card))
    return "## When it is not sure\n\n" + "\n\n".join(part for part in parts if part)


def _doubts(card: dict[str, Any]) -> str:
    found = card.get("faults_measured")
    if not found:
        return ""
    words = (
        "A face that is dark, burnt out, blurred or small gets a lower confidence: the temperature rises by what "
        "held-out rows that were spoiled so needed (`ml/measuring.py`). For a face turned away, or one of several, "
        "nothing can be measured on these data; it rises as much as for the worst of the others. "
        f"Measured on the FER+8 rows of {found['usage']} that show the fault when spoiled:"
    )
    lines = (
        (
            fault.replace("_", " "),
            f"{line['n']:,}",
            f"{card['faults'][fault]:.2f}",
            _share(line["accuracy"]),
            _share(line["confidence"]),
            _share(line["confidence_without"]),
        )
        for fault, line in found["faults"].items()
    )
    head = ("fault", "n", "temperature times", "accuracy", "mean confidence", "without the rise")
    return f"{words}\n\n{table(head, lines)}"


def sureness(found: dict[str, Any]) -> str:
    """Return the table of what the rule for "not sure" does to one usage."""
    return table(
        ("rule", "value"),
        (
            ("rows", f"{found['n']:,}"),
            ("sure: share of the rows", _share(found["coverage"])),
            ("sure: accuracy", _share(found["accuracy_when_sure"])),
            ("the most confident 80 %: accuracy", _share(found["accuracy_at_80"])),
            ("not sure: one of the two shown is right", _share(found["top2_when_not_sure"])),
        ),
    )


def _robust(card: dict[str, Any]) -> str:
    found = card.get("robustness")
    if not found:
        return ""
    words = (
        f'The FER+8 rows of {found["usage"]}, each spoiled in its 48x48 pixels (`ml/robustness.py`). "Aligned" means '
        'turned back by the five points of the face, taken as known; "as it lies" means not turned back. What is '
        "marked with a star goes beyond what an ordinary photo shows."
    )
    return f"## Robustness\n\n{words}\n\n{robustness(found)}"


def robustness(found: dict[str, Any]) -> str:
    """Return the table of what each corruption costs."""
    untouched = ("untouched", f"{100 * found['accuracy']:.2f} %", "", f"{found['ece']:.3f}")
    lines = (
        (
            line["name"] + ("" if line["moderate"] else " *"),
            f"{100 * line['accuracy']:.2f} %",
            f"{line['loss']:.2f}",
            f"{line['ece']:.3f}",
        )
        for line in found["corruptions"]
    )
    return table((f"{found['n']:,} faces", "accuracy", "points lost", "ECE"), (untouched, *lines))


def _ablation(card: dict[str, Any]) -> str:
    found = card.get("ablation")
    if not found:
        return ""
    words = (
        f"Each line was measured on the {found['usage']} rows by `python -m ml ablate --data DIR RUN...`. First this "
        "network, then ways of reading with it that leave something out, then the networks of other runs, with what "
        "was different in them."
    )
    return f"## What each lever gave\n\n{words}\n\n{ablation(found)}"


def ablation(found: dict[str, Any]) -> str:
    """Return the table of what `python -m ml ablate` measured."""
    head = ("network", "what is different", "parameters", "epochs", "FER+8", "macro-F1", "ECE", "FER2013-7")
    lines = (
        (
            line["version"],
            line["what"],
            "" if line["parameters"] is None else f"{line['parameters']:,}",
            str(line["epochs"]),
            f"{100 * line['fer_plus_8']:.2f} %",
            f"{line['macro_f1']:.3f}",
            f"{line['ece']:.3f}",
            f"{100 * line['fer2013_7']:.2f} %",
        )
        for line in found["lines"]
    )
    return table(head, lines)


def speed(found: dict[str, Any]) -> str:
    """Return the table of what `python -m ml bench` measured."""
    side, large, memory = found["side_by_side"], found["twelve_megapixels"], found["memory"]
    same, classify = side["largest_face_iou_50"], found["classification"]
    error = memory.get("mb_per_1000_photos_95")  # cards of older benches lack it
    spread = "" if error is None else f" \u00b1 {error}"
    lines = [
        ("photo of 640x480 to reading", f"{side['photo_to_reading_ms']} ms"),
        ("the package mtcnn, detection alone, same pictures", f"{side['mtcnn_package_detection_ms']} ms"),
        ("times faster than that", str(side["times_faster"])),
        (f"same largest face (IoU 0.5) on the {side['mtcnn_package_finds']} pictures where it finds one", _share(same)),
        ("12 megapixels against 640x480, decoding excluded", f"{large['ratio']} times"),
        ("the same in processor time", f"{large['processor_ratio']} times"),
        ("one aligned face, one thread", f"{classify['one_face_ms']} ms"),
        ("the same in processor time", f"{classify['one_face_processor_ms']} ms"),
        ("video of 640x480", f"{found['video']['frames_per_second']} frames/s"),
        ("frames per second of one processor's time", f"{found['video']['frames_per_processor_second']}"),
        (
            f"resident size of a process with the pipeline, after {memory['photos']} photos",
            f"{memory['resident_mb']} MB",
        ),
        ("growth over the second half of them", f"{memory['mb_per_1000_photos']}{spread} MB per 1,000 photos"),
    ]
    if "one_face_mean_ms" in classify:  # cards of older benches lack it
        lines.append(
            ("the same, mean: a face that is not clear is looked at four times", f"{classify['one_face_mean_ms']} ms")
        )
    if "fer" in found:
        fer = found["fer"]
        lines.append(("the package fer with MTCNN, in its own process", f"{fer['fer_package_ms']} ms"))
        lines.append(("photo to reading on the same pictures after it", f"{fer['photo_to_reading_ms']} ms"))
    words = (
        f"Medians of warm runs on {side['pictures']} pictures composed from PublicTest faces, alternating; "
        f"{found['threads']} threads, load average {found['load_average']} at the start: other work slows both sides. "
        "`python -m ml bench --data DIR` reprints them."
    )
    return f"{words}\n\n{table(('what', 'measured'), lines)}"


def by_group(lines: Sequence[dict[str, Any]]) -> str:
    """Return the table of one protocol's figures for each group."""

    def spread(figure: dict[str, float]) -> str:
        return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"

    classes = list(dict.fromkeys(name for line in lines for name in line["recall"]))
    rows = (
        (
            line["group"],
            f"{line['n']:,}",
            *(spread(line[figure]) for figure in ("accuracy", "macro_f1", "ece")),
            *(spread(line["recall"][name]) if name in line["recall"] else "no rows" for name in classes),
        )
        for line in lines
    )
    return table(("group", "n", "accuracy", "macro-F1", "ECE", *(f"recall {name}" for name in classes)), rows)


def summary(reports: dict[str, dict[str, Any]]) -> str:
    """Return the table of the figures of all protocols of one usage."""
    return table(
        ("protocol", "n", "accuracy", "macro-F1", "ECE"),
        (
            (name, f"{r['n']:,}", f"{100 * r['accuracy']:.2f} %", f"{r['macro_f1']:.3f}", f"{r['ece']:.3f}")
            for name, r in reports.items()
        ),
    )


def confusion(report: dict[str, Any]) -> str:
    """Return the confusion matrix with recall: a row is what the label says, a column what the network says."""
    classes = report["classes"]
    rows = (
        (name, *(str(count) for count in counts), _share(report["recall"][name]))
        for name, counts in zip(classes, report["confusion"], strict=True)
    )
    return table(("label \\ read as", *classes, "recall"), rows)


def _share(value: float | None) -> str:
    return "no rows" if value is None else f"{100 * value:.1f} %"


def _history(epochs: Sequence[dict[str, str]], links: Mapping[str, str]) -> str:
    if not epochs:
        return ""
    lines = table(tuple(epochs[0]), (tuple(row.values()) for row in epochs))
    parts = ("## Training, epoch by epoch", _picture(links, "curves", "Loss and validation accuracy by epoch"), lines)
    return "\n\n".join(part for part in parts if part)
