"""Parse the command line and print; the work is done by the modules it calls."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ml import artifacts, card, datasets
from ml.datasets import USAGES, FerRows
from ml.errors import DatasetError, MlError

# Modules that import TensorFlow are imported by the commands that need them: --help and errors answer at once.

_DATA: dict[str, Any] = {
    "type": Path,
    "required": True,
    "help": "folder with fer2013.csv[.gz] and fer2013new.csv",
}


def _schedule(text: str) -> tuple[tuple[int, int], ...]:
    """Parse `32x18,40x8,48x14`: picture size x epochs."""
    try:
        pairs = tuple((int(size), int(epochs)) for size, epochs in (part.split("x") for part in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError("write it as SIZExEPOCHS,..., for example 32x18,40x8,48x14") from None
    if any(size < 24 or epochs < 1 for size, epochs in pairs):
        raise argparse.ArgumentTypeError("sizes start at 24 and epochs at 1")
    return pairs


def _blocks(text: str) -> tuple[int, ...]:
    """Parse `1,1,2,2`: residual blocks a stage."""
    try:
        blocks = tuple(int(part) for part in text.split(","))
    except ValueError:
        blocks = ()
    if len(blocks) != 4 or any(not 1 <= count <= 4 for count in blocks):
        raise argparse.ArgumentTypeError("four numbers from 1 to 4, one a stage, for example 1,1,2,2")
    return blocks


def _rate(text: str) -> float:
    """Parse a rate or share above 0 and at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError("a number above 0 and at most 1")
    return value


def _share(text: str) -> float:
    """Parse a share of at least 0 and below 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError("a number of at least 0 and below 1")
    return value


def _print_json(value: Any, indent: int | None = 2) -> None:
    print(json.dumps(value, indent=indent), flush=True)


def _train(options: argparse.Namespace) -> int:
    from ml.architecture import ArchitectureConfig
    from ml.augmentation import PRESETS
    from ml.training import Trainer, TrainingConfig

    config = TrainingConfig(
        name=options.name,
        seed=options.seed,
        schedule=options.schedule,
        limit=options.limit,
        precision=options.precision,
        peak_learning_rate=options.peak_learning_rate,
        original_weight=options.original_weight,
        optimizer=options.optimizer,
        architecture=ArchitectureConfig(blocks=options.blocks, dropout=options.dropout),
        augmentation=PRESETS[options.augmentation],
    )
    artifact = Trainer(options.data, options.run, config, resume=options.resume, start=options.start).fit()
    print(f"{artifact.version} written to {artifact.folder}")
    return 0


def _rows(options: argparse.Namespace) -> FerRows:
    rows = datasets.load(options.data, options.usage)
    if not len(rows):
        raise DatasetError(f"{options.data} holds no {options.usage} rows")
    return rows


def _evaluate(options: argparse.Namespace) -> int:
    from ml import evaluation, groups

    rows = _rows(options)
    members = None if options.groups is None else groups.load(options.groups, len(rows))
    artifacts.check(options.artifact)
    from ml.classifier import Classifier

    classifier = Classifier.load(options.artifact)
    repeated = None
    if options.usage != "Training":
        repeated = evaluation.repeats(rows.images, datasets.load(options.data, "Training").images)
    measured = evaluation.measure(classifier, rows, repeated).as_dict()
    reports = measured.pop("reports")
    document = {"model_version": classifier.version, "usage": options.usage, **reports, **measured}
    if members is not None:
        document["groups"] = groups.measure(classifier, rows, members)
    if options.json:
        _print_json(document)
    else:
        print(f"{classifier.version} on {options.usage}, {measured['rows']} rows\n\n{card.summary(reports)}")
        if measured["without_near_duplicates"] is not None:
            print(f"\nWithout the {measured['near_duplicates_of_training']} rows that Training nearly repeats\n")
            print(card.summary(measured["without_near_duplicates"]))
        print(f"\n{card.sureness(measured['sure'])}")
        for name, report in reports.items():
            print(f"\n{name}\n\n{card.confusion(report)}")
        for name, lines in document.get("groups", {}).items():
            print(f"\n{name} by group, with 95 % intervals\n\n{card.by_group(lines)}")
    return 0


def _robustness(options: argparse.Namespace) -> int:
    rows = _rows(options)
    artifacts.check(options.artifact)
    from ml import robustness
    from ml.classifier import Classifier

    classifier = Classifier.load(options.artifact)
    found = {"model_version": classifier.version, "usage": options.usage, **robustness.measure(classifier, rows)}
    if options.json:
        _print_json(found)
    else:
        print(f"{classifier.version} on {options.usage}\n\n{card.robustness(found)}")
    return 0


def _measure(options: argparse.Namespace) -> int:
    artifacts.check(options.artifact)
    from ml.training import measure_again

    artifact = measure_again(options.artifact, options.data)
    print(f"the card of {artifact.version} in {artifact.folder} holds new figures")
    return 0


def _ablate(options: argparse.Namespace) -> int:
    rows = _rows(options)
    for folder in (options.artifact, *options.others):
        artifacts.check(folder)
    from ml import ablation

    found = {"usage": options.usage, "lines": ablation.measure(options.artifact, options.others, rows)}
    if options.keep:
        artifacts.amend(options.artifact, {"ablation": found})
    if options.json:
        _print_json(found)
    else:
        print(card.ablation(found))
    return 0


def _predict(options: argparse.Namespace) -> int:
    streaming = options.images == ["-"]
    artifacts.check(options.artifact)
    from ml.pipeline import Pipeline
    from ml.prediction import describe, predict

    pipeline = Pipeline.load(options.artifact)
    paths: Iterable[str] = options.images
    if streaming:
        paths = (line.rstrip("\r\n") for line in sys.stdin if line.strip())
    documents, failed = [], False
    for path in paths:
        document = predict(pipeline, path)
        failed = failed or "error" in document
        if not options.json:
            print(describe(document), flush=True)
        elif streaming:
            _print_json(document, indent=None)
        else:
            documents.append(document)
    if options.json and not streaming:
        _print_json(documents)
    return int(failed)


def _bench(options: argparse.Namespace) -> int:
    artifacts.check(options.artifact)
    from ml import benchmark

    found = benchmark.run(options.data, options.artifact, options.pictures, options.photos, options.fer_python)
    if options.keep:
        artifacts.amend(options.artifact, {"speed": found})
    if options.json:
        _print_json(found)
    else:
        print(card.speed(found))
    return 0


def _card(options: argparse.Namespace) -> int:
    artifact = artifacts.check(options.artifact)
    if options.figures is None:
        print(card.markdown(artifact), end="")
        return 0
    from ml import figures

    drawn = figures.draw(artifact, options.figures)
    print(
        card.markdown(artifact, {name: f"{options.figures.name}/{path.name}" for name, path in drawn.items()}), end=""
    )
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    _add_train(commands.add_parser("train", help="train the network on FER2013 with FER+ votes"))
    evaluate = commands.add_parser("evaluate", help="measure an artifact on rows of FER2013")
    evaluate.add_argument("--data", **_DATA)
    evaluate.add_argument("--usage", choices=USAGES, default="PublicTest")
    evaluate.add_argument("--groups", type=Path, metavar="CSV",
                          help="figures by group: columns row (from 0, within the usage) and group")  # fmt: skip
    evaluate.set_defaults(call=_evaluate)
    robustness = commands.add_parser("robustness", help="measure an artifact on spoiled faces: dark, blurred, covered")
    robustness.add_argument("--data", **_DATA)
    robustness.add_argument("--usage", choices=USAGES, default="PublicTest")
    robustness.set_defaults(call=_robustness)
    measure = commands.add_parser("measure", help="calibrate and measure an artifact anew and keep it in its card")
    measure.add_argument("--data", **_DATA)
    measure.set_defaults(call=_measure)
    bench = commands.add_parser("bench", help="time the pipeline, side by side with the packages that others use")
    bench.add_argument("--data", **_DATA)
    bench.add_argument(
        "--pictures", type=int, default=200, help="pictures to compose from PublicTest faces (%(default)s)"
    )
    bench.add_argument("--photos", type=int, default=1000, help="photos to follow the memory over (%(default)s)")
    bench.add_argument("--fer-python", type=Path, metavar="PYTHON",
                       help="a Python that has the packages fer, facenet-pytorch, torch, opencv-python-headless<5 and "
                            "setuptools<81, to be timed too")  # fmt: skip
    bench.add_argument("--keep", action="store_true", help="keep the figures in the artifact's card")
    bench.set_defaults(call=_bench)
    ablate = commands.add_parser("ablate", help="measure what an artifact loses with less, and the runs before it")
    ablate.add_argument("others", nargs="*", type=Path, metavar="ARTIFACT", help="artifacts of other runs")
    ablate.add_argument("--data", **_DATA)
    ablate.add_argument("--usage", choices=USAGES, default="PublicTest")
    ablate.add_argument("--keep", action="store_true", help="keep the table in the artifact's card")
    ablate.set_defaults(call=_ablate)
    predict = commands.add_parser("predict", help="read the expressions in photos")
    predict.add_argument("images", nargs="+", metavar="IMAGE",
                         help="JPEG, PNG or WebP files, or - to read their paths from standard input")  # fmt: skip
    predict.set_defaults(call=_predict)
    show = commands.add_parser("card", help="print an artifact's model card as Markdown")
    show.add_argument("--figures", type=Path, metavar="DIR",
                      help="draw curves, confusion and reliability there as PNG and show them")  # fmt: skip
    show.set_defaults(call=_card)
    for command in (evaluate, robustness, measure, bench, ablate, predict, show):
        command.add_argument("--artifact", type=Path, default=artifacts.DEFAULT, metavar="DIR",
                             help="folder of the artifact, if not the one that ships with the project")  # fmt: skip
    for command in (evaluate, robustness, bench, ablate, predict):
        command.add_argument("--json", action="store_true", help="print JSON and nothing else")
    return top


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("--data", **_DATA)
    train.add_argument("--run", type=Path, default=Path("var/training/run"), help="folder of this run")
    train.add_argument("--resume", action="store_true", help="go on from the run's last complete epoch")
    train.add_argument("--name", default="mood-face")
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--schedule", type=_schedule, default="32x18,40x8,48x14", metavar="SIZExEPOCHS,...",
                       help="the sizes to grow through")  # fmt: skip
    train.add_argument("--limit", type=int, help="use only the first N Training rows (a trial run)")
    train.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32",
                       help="mixed_bfloat16 is faster where the processor has it")  # fmt: skip
    train.add_argument("--from", dest="start", type=Path, metavar="DIR",
                       help="start from the weights of this artifact, made with the same seed and data")  # fmt: skip
    train.add_argument("--peak-learning-rate", type=_rate, default=2.5e-3, metavar="RATE",
                       help="the highest learning rate (%(default)s); a tenth of it suits --from")  # fmt: skip
    train.add_argument("--optimizer", choices=("adamw", "muon"), default="adamw",
                       help="muon learns more from an epoch and takes a little longer over it")  # fmt: skip
    train.add_argument("--augmentation", choices=("plain", "moderate", "strong"), default="plain",
                       help="strong adds blur, few pixels, dim light, covered eyes or mouths, JPEG; "
                            "moderate does so less often")  # fmt: skip
    train.add_argument("--blocks", type=_blocks, default=(1, 1, 1, 1), metavar="N,N,N,N",
                       help="residual blocks a stage (1,1,1,1); more of them may grow --from")  # fmt: skip
    train.add_argument("--dropout", type=_share, default=0.4, metavar="SHARE",
                       help="how much of the last features is dropped while it learns (%(default)s)")  # fmt: skip
    train.add_argument("--original-weight", type=_rate, default=0.3, metavar="SHARE",
                       help="how much the head for FER2013's labels counts beside the other (%(default)s)")  # fmt: skip
    train.set_defaults(call=_train)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.call(options))
    except MlError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
