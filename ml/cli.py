"""Parse the command line and print; the work is done by the modules it calls."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ml import artifacts
from ml.errors import MlError


def _schedule(text: str) -> tuple[tuple[int, int], ...]:
    """Parse `32x18,40x8,48x14`: picture size x epochs."""
    try:
        pairs = tuple((int(size), int(epochs)) for size, epochs in (part.split("x") for part in text.split(",")))
    except ValueError:
        raise argparse.ArgumentTypeError("write it as SIZExEPOCHS,..., for example 32x18,40x8,48x14") from None
    if any(size < 24 or epochs < 1 for size, epochs in pairs):
        raise argparse.ArgumentTypeError("sizes start at 24 and epochs at 1")
    return pairs


def _train(options: argparse.Namespace) -> int:
    from ml.training import Trainer, TrainingConfig  # TensorFlow starts here, not for --help

    config = TrainingConfig(
        name=options.name, seed=options.seed, schedule=options.schedule, limit=options.limit, precision=options.precision
    )
    artifact = Trainer(options.data, options.run, config, resume=options.resume).fit()
    print(f"{artifact.version} written to {artifact.folder}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train the network on FER2013 with FER+ votes")
    train.add_argument("--data", type=Path, required=True, help="folder with fer2013.csv[.gz] and fer2013new.csv")
    train.add_argument("--run", type=Path, default=Path("var/training/run"), help="folder of this run")
    train.add_argument("--resume", action="store_true", help="go on from the run's last complete epoch")
    train.add_argument("--name", default="mood-face")
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--schedule", type=_schedule, default="32x18,40x8,48x14", metavar="SIZExEPOCHS,...")
    train.add_argument("--limit", type=int, help="use only the first N Training rows (a trial run)")
    train.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32",
                       help="mixed_bfloat16 is faster where the processor has it")  # fmt: skip
    train.set_defaults(call=_train)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.call(options))
    except MlError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
