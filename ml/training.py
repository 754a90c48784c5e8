"""Train the expression network on FER2013 with FER+ votes, in a way that can stop and go on.

One run is one folder: `run.json` (configuration, data digest, git revision at the start), `checkpoints/` (the last
complete epoch), `log.csv` (one line an epoch) and, at the end, `artifact/`. What it learns from is read from a data
folder, or handed over (see `material.py`), as for a site's own samples. The levers, with their sources:

* targets are vote distributions, not majorities (Barsoum et al. 2016);
* the picture grows with the epochs, small first (progressive resizing; Tan & Le 2021, arXiv:2104.00298);
* AdamW (Loshchilov & Hutter 2019) or Muon (see `optimizers.py`) under a one-cycle learning rate (Smith & Topin 2018,
  arXiv:1708.07120);
* an exponential moving average of all weights is what is kept;
* rare classes are repeated by the square root of their rarity (Gupta et al. 2019, arXiv:1908.03195, section 4.1).

A run may start from an artifact's weights, with a lower learning rate, to learn what a stronger augmentation shows, or
in a deeper network: blocks that the artifact lacks start as identities, so that the deeper one begins where the
artifact ended (Chen, Goodfellow & Shlens 2016, arXiv:1511.05641, "Net2DeeperNet").

A run that starts from an artifact and sees few new faces forgets the old ones. Base rows among the new ones hold
against that; where there are none, what the artifact said of the new faces does, as a second target (Li & Hoiem 2016,
arXiv:1606.09282, section 3), and the batch statistics stay as they were.

Rows of Training that show nearly the same picture as a row of a test usage in the folder are dropped.
Validation rows are a part of Training (near-duplicates on one side); they draw the curve, and fit the temperatures and
the rule for "not sure" (see `measuring.py`).
No epoch is selected: the last averaged weights are taken. Test rows are read once, after training, for the card.
"""

from __future__ import annotations

import csv
import datetime
import json
import math
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tqdm import tqdm

from ml import artifacts, datasets, material, measuring
from ml.architecture import ArchitectureConfig, build, compiled
from ml.augmentation import AugmentationConfig, augment
from ml.classifier import logits_of, served
from ml.errors import ArtifactError, DatasetError, TrainingCancelled
from ml.material import Material
from ml.optimizers import ConvolutionMuon
from ml.types import EMOTIONS, FER_LABELS

DISTILLATION_TEMPERATURE = 2.0
"""Softens what the artifact said before it is a target (Li & Hoiem 2016, section 3)."""


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Fix everything that decides a run's outcome. `schedule` is ((picture size, epochs), ...).

    `start` is the version of the artifact whose weights the run starts from, if any; `distillation` is how much its
    word on the rows counts beside their targets. `split_seed` divides the base rows where `seed` shall not: a network
    and all that are made from it hold back the same rows. A field that is added later must have the default under which
    older runs were made: resuming one fills it in.
    """

    name: str = "mood-face"
    seed: int = 7
    schedule: tuple[tuple[int, int], ...] = ((32, 18), (40, 8), (48, 14))
    batch_size: int = 64
    peak_learning_rate: float = 2.5e-3
    warmup_fraction: float = 0.15
    weight_decay: float = 0.05
    ema: float = 0.998
    original_weight: float = 0.3
    original_smoothing: float = 0.1
    rarity_threshold: float = 0.05
    validation_fraction: float = 0.06
    limit: int | None = None
    precision: str = "float32"
    start: str | None = None
    split_seed: int | None = None
    distillation: float = 0.0
    freeze_normalisation: bool = False
    optimizer: Literal["adamw", "muon"] = "adamw"
    architecture: ArchitectureConfig = field(default_factory=ArchitectureConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    @property
    def epochs(self) -> int:
        """Return the number of epochs of the whole schedule."""
        return sum(count for _, count in self.schedule)

    @property
    def division(self) -> dict[str, Any]:
        """Return what `material.base` divides the rows by."""
        return division_of(asdict(self))

    def size_at(self, epoch: int) -> int:
        """Return the picture size of an epoch, counted from 0."""
        for size, count in self.schedule:
            if epoch < count:
                return size
            epoch -= count
        raise ValueError("epoch beyond the schedule")


def division_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the base rows of a recorded configuration were divided by. Raises KeyError when it does not say."""
    seed = config["seed"] if config.get("split_seed") is None else config["split_seed"]
    return {"seed": seed, "validation_fraction": config["validation_fraction"], "limit": config["limit"]}


@dataclass(frozen=True, slots=True)
class Progress:
    """Tell where a run is: epoch from 1, step within it, and the running loss."""

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float


def learning_rate(config: TrainingConfig, step: int, total: int) -> float:
    """Return the one-cycle learning rate of a step: linear up, then half a cosine down to zero."""
    warm = max(1, round(total * config.warmup_fraction))
    if step < warm:
        return config.peak_learning_rate * (step + 1) / warm
    return config.peak_learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def epoch_rows(
    targets: npt.NDArray[np.float32],
    config: TrainingConfig,
    epoch: int,
    weights: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.intp]:
    """Return the shuffled row numbers of one epoch, rows of rare classes repeated.

    A row of weight w whose class has the share f counts w * max(1, sqrt(t / f)) times; fractions are rounded at random,
    so the expectation holds. Without weights each is 1.
    """
    rng = np.random.default_rng((config.seed, epoch))
    share = np.average(targets, axis=0, weights=weights)
    factor = np.maximum(1.0, np.sqrt(config.rarity_threshold / np.maximum(share, 1e-6)))
    repeat = factor[targets.argmax(axis=1)] * (1.0 if weights is None else weights)
    times = np.floor(repeat + rng.random(len(targets))).astype(int)
    rows = np.repeat(np.arange(len(targets)), times)
    rng.shuffle(rows)
    return rows


class Trainer:
    """Run one training folder from wherever it stands to its end."""

    def __init__(
        self,
        data: Path | Material,
        run: Path,
        config: TrainingConfig,
        *,
        resume: bool = False,
        start: Path | None = None,
        command: str | None = None,
    ) -> None:
        """Take the material, or read it from a data folder, and go on from the run's last checkpoint.

        Without one, the run starts from the weights of the artifact in the folder `start`, if that is given. `command`
        is what the card says made the network.

        Raises DatasetError when the data cannot be used, when the folder holds a run and `resume` is false,
        or when it was started with other data or another configuration. Raises ArtifactError when the artifact
        cannot be read, has another form, or held other rows back for validation.
        """
        if start:
            config = replace(config, start=artifacts.check(start).version)
        self.run, self.config = run, config
        self.command = command or f"python -m ml {' '.join(_public_arguments(sys.argv[1:]))}"
        self.material = data if isinstance(data, Material) else material.base(data, **config.division)
        self.train, self.validation = self.material.train, self.material.validation
        self._require_enough_rows()
        self.before: artifacts.Artifact | None = None
        source = None
        if start is not None:
            self.before, source = self._source(start)
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        try:
            self.model = build(config.architecture)
            self.average = build(config.architecture)
        finally:
            keras.config.set_dtype_policy("float32")
        if source:
            self._copy_weights(source)
        self.average.set_weights(self.model.get_weights())
        if config.freeze_normalisation:
            for layer in (*self.model.layers, *self.average.layers):
                layer.trainable = layer.trainable and not isinstance(layer, keras.layers.BatchNormalization)
        self._prepare_folder(resume)
        self.optimizer = _optimizer(config)
        self.optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        self.optimizer.build(self.model.trainable_variables)
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(model=self.model, average=self.average, optimizer=self.optimizer, epoch=self.epoch),
            str(run / "checkpoints"),
            max_to_keep=2,
        )
        if self.manager.latest_checkpoint:
            self.manager.checkpoint.restore(self.manager.latest_checkpoint).assert_consumed()
        self._forget_later_epochs()
        # Held once: what an epoch's graph captures is kept for as long as the process lives.
        self._pixels = tf.constant(self.train.images[..., None])
        self._votes, self._labels = tf.constant(self.train.targets), tf.constant(self.train.labels)
        self._kept = None
        if source and config.distillation:
            self._kept = tuple(map(tf.constant, logits_of(compiled(source), self.train.images)))
        self._inference = compiled(self.average)
        self._step = tf.function(self._train_step, reduce_retracing=True)

    def _require_enough_rows(self) -> None:
        rows = len(epoch_rows(self.train.targets, self.config, 0, self.train.weights)) if len(self.train) else 0
        if self.material.data and not len(self.validation):
            raise DatasetError("no Training row is held back for validation")
        if rows < self.config.batch_size:
            raise DatasetError(f"only {rows} rows to learn from in an epoch: not enough to train on")

    def _source(self, folder: Path) -> tuple[artifacts.Artifact, keras.Model]:
        """Load the network to start from, unless it has been trained on rows that validate this run."""
        artifact, model = artifacts.load(folder)
        if self.material.base_digest is None:
            return artifact, model
        try:
            division = division_of(artifact.card.get("config", {}))
        except KeyError:
            division = {}
        same = artifact.card.get("data", {}).get("training_sha256") == self.material.base_digest
        if division != self.config.division or not same:
            raise ArtifactError(
                f"{folder}: it was trained with another seed, limit or data: its validation rows differ"
            )
        return artifact, model

    def _copy_weights(self, source: keras.Model) -> None:
        """Start from a network of the same widths and as many blocks or fewer; the blocks it lacks start as identities.

        A residual block whose last normalisation multiplies by zero passes on what it gets: that is past a ReLU.
        """
        known = {layer.name: layer for layer in source.layers}
        try:
            for layer in self.model.layers:
                if layer.name in known:
                    layer.set_weights(known.pop(layer.name).get_weights())
                elif layer.name.endswith("_2_bn"):
                    layer.gamma.assign(keras.ops.zeros_like(layer.gamma))
        except ValueError as error:
            raise ArtifactError(f"the network to start from has another form: {error}") from error
        lost = sorted(name for name, layer in known.items() if layer.weights)
        if lost:
            raise ArtifactError(f"the network to start from has layers that this one lacks: {', '.join(lost)}")

    def _prepare_folder(self, resume: bool) -> None:
        facts = json.loads(json.dumps({"config": asdict(self.config), "data_digest": self.material.digest}))
        path = self.run / "run.json"
        if path.is_file():
            if not resume:
                raise DatasetError(f"{self.run} already holds a run: add --resume, or name another folder")
            self.facts: dict[str, Any] = _read_facts(path)
            if {
                **facts,
                "config": completed(self.facts.get("config")),
                "data_digest": self.facts.get("data_digest"),
            } != facts:
                raise DatasetError(f"{self.run} was started with other data or another configuration")
        else:
            # The code that a run was started with is what made it, whatever is checked out when it ends.
            self.facts = {**facts, "git_revision": _git_revision()}
            self.run.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_text(json.dumps(self.facts, indent=2) + "\n")
            part.replace(path)

    def _forget_later_epochs(self) -> None:
        """Take out of log.csv the epochs that ended after the last checkpoint: they will be trained again."""
        path = self.run / "log.csv"
        if path.is_file():
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(lines[: 1 + int(self.epoch)]))

    def _batches(self, epoch: int) -> tuple[tf.data.Dataset, int]:
        config, size = self.config, self.config.size_at(epoch)
        rows = epoch_rows(self.train.targets, config, epoch, self.train.weights)
        steps = len(rows) // config.batch_size

        def batch(step: tf.Tensor, chosen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            seed = tf.stack([tf.constant(config.seed * 1000 + epoch, tf.int64), step])
            faces = augment(tf.gather(self._pixels, chosen), size, tf.cast(seed, tf.int32), config.augmentation)
            return faces, chosen

        source = tf.data.Dataset.from_tensor_slices(rows).batch(config.batch_size, drop_remainder=True)
        batches = source.enumerate().map(batch, num_parallel_calls=2).prefetch(4)
        # Nothing here is left to tune, and the thread that tunes sleeps for up to a minute before it lets an epoch end.
        quiet = tf.data.Options()
        quiet.autotune.enabled = False
        return batches.with_options(quiet), steps

    def _seed_dropout(self, epoch: int) -> None:
        """Start an epoch's dropout from the seed, so that a run that resumes drops what it would have dropped."""
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign([self.config.seed, epoch])

    def _loss(self, logits: Mapping[str, tf.Tensor], chosen: tf.Tensor) -> tf.Tensor:
        """Return the loss of a batch: of the emotions, of the original labels where there are any, of what was known.

        Rows without an original label count as zero in its mean, so that few labels in a batch do not weigh more.
        """
        cross_entropy = tf.nn.softmax_cross_entropy_with_logits
        emotion = tf.reduce_mean(cross_entropy(tf.gather(self._votes, chosen), logits["emotion"]))
        labels, smooth = tf.gather(self._labels, chosen), self.config.original_smoothing
        wanted = tf.one_hot(labels, len(FER_LABELS)) * (1 - smooth) + smooth / len(FER_LABELS)
        given = tf.cast(labels >= 0, tf.float32)
        loss = emotion + self.config.original_weight * tf.reduce_mean(given * cross_entropy(wanted, logits["original"]))
        if self._kept is not None:
            heat = DISTILLATION_TEMPERATURE
            for kept, now in zip(self._kept, (logits["emotion"], logits["original"]), strict=True):
                known = tf.nn.softmax(tf.gather(kept, chosen) / heat)
                loss += self.config.distillation * heat**2 * tf.reduce_mean(cross_entropy(known, now / heat))
        return loss

    def _train_step(self, faces: tf.Tensor, chosen: tf.Tensor, decay: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(self.model(faces, training=True), chosen)
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.model.trainable_variables, strict=True))
        for kept, new in zip(self.average.variables, self.model.variables, strict=True):
            if kept.dtype == "float32":
                # In this form what does not change stays exactly as it was.
                kept.assign_add((1 - decay) * (new - kept))
        return loss

    def fit(
        self,
        progress: Callable[[Progress], None] | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        bar: bool = True,
    ) -> artifacts.Artifact:
        """Train to the end of the schedule, write the artifact and return it.

        `cancelled` is asked after every step; a true answer raises TrainingCancelled, and a later run with
        `resume` goes on from the last complete epoch.
        """
        step_total = 0
        first = epoch_rows(self.train.targets, self.config, 0, self.train.weights)
        per_epoch = len(first) // self.config.batch_size
        total = per_epoch * self.config.epochs
        for epoch in range(int(self.epoch), self.config.epochs):
            batches, steps = self._batches(epoch)
            self._seed_dropout(epoch)
            started, losses = time.monotonic(), 0.0
            label = f"epoch {epoch + 1}/{self.config.epochs} at {self.config.size_at(epoch)}px"
            line = tqdm(batches, total=steps, desc=label, unit="batch", mininterval=2, disable=not bar)
            for step, (faces, chosen) in enumerate(line):
                step_total = epoch * per_epoch + step
                self.optimizer.learning_rate.assign(learning_rate(self.config, min(step_total, total), total))
                decay = min(self.config.ema, (1 + step_total) / (10 + step_total))
                losses += float(self._step(faces, chosen, tf.constant(decay, tf.float32)))
                line.set_postfix(loss=f"{losses / (step + 1):.3f}", refresh=False)
                if progress:
                    progress(Progress(epoch + 1, self.config.epochs, step + 1, steps, losses / (step + 1)))
                if cancelled():
                    raise TrainingCancelled(f"stopped in epoch {epoch + 1}; {int(self.epoch)} epochs are kept")
            self._finish_epoch(epoch, losses / max(1, steps), time.monotonic() - started)
        return self._write_artifact()

    def _finish_epoch(self, epoch: int, loss: float, seconds: float) -> None:
        emotion, original = logits_of(self._inference, self.validation.images)
        chosen, winner = datasets.single_highest(self.validation.votes, len(EMOTIONS))
        labelled = self.validation.labels >= 0
        row = {
            "epoch": epoch + 1,
            "size": self.config.size_at(epoch),
            "loss": round(loss, 5),
            "validation_fer_plus_8": _share(emotion[chosen].argmax(1) == winner[chosen]),
            "validation_fer2013_7": _share(original[labelled].argmax(1) == self.validation.labels[labelled]),
            "seconds": round(seconds, 1),
        }
        log = self.run / "log.csv"
        fresh = not log.is_file()
        with log.open("a", newline="") as file:
            writer = csv.DictWriter(file, row)
            if fresh:
                writer.writeheader()
            writer.writerow(row)
        self.epoch.assign(epoch + 1)
        self.manager.save()

    def _write_artifact(self) -> artifacts.Artifact:
        # The artifact is float32 whatever the training precision was.
        final = build(self.config.architecture)
        final.set_weights(self.average.get_weights())
        with tempfile.TemporaryDirectory() as scratch:
            # Measured is what will serve: the network as it is written, in the runtime that serves it.
            artifacts.write_network(final, Path(scratch) / "model.keras")
            network = served(Path(scratch) / "model.keras")
        before = None if self.before is None else self.before.card
        facts = measuring.facts(
            network, self.config.name, self.validation, self.material.data, self.config.seed, before
        )
        base_digest = self.material.base_digest or (before or {}).get("data", {}).get("training_sha256")
        card: dict[str, Any] = {
            "name": self.config.name,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "command": self.command,
            "git_revision": self.facts.get("git_revision"),
            "libraries": {"python": platform.python_version(), "tensorflow": tf.__version__, "keras": keras.__version__,
                          "numpy": np.__version__},
            "config": asdict(self.config),
            "parameters": int(final.count_params()),
            "data": {"sets": self.material.sets, "training_sha256": base_digest, **self.material.counts},
            **facts,
            "history": history(self.run),
        }  # fmt: skip
        return artifacts.save(final, card, self.run / "artifact")


def measure_again(folder: Path, data: Path) -> artifacts.Artifact:
    """Calibrate and measure a trained artifact anew on its own held-out rows and the test rows, and amend its card.

    Raises ArtifactError when its card does not tell how it was trained, or tells of other data.
    """
    artifact = artifacts.check(folder)
    made = artifact.card.get("config", {})
    try:
        division, digest = division_of(made), artifact.card["data"]["training_sha256"]
    except KeyError as error:
        raise ArtifactError(f"{folder}: card.json does not tell how the network was trained") from error
    rows = material.base(data, **division)
    if rows.digest != digest:
        raise ArtifactError(f"{folder}: the network was trained on other rows than those in {data}")
    network, name = served(folder / "model.keras"), artifact.card["name"]
    return artifacts.amend(folder, measuring.facts(network, name, rows.validation, data, made["seed"]))


def _optimizer(config: TrainingConfig) -> keras.optimizers.Optimizer:
    rate, decay = config.peak_learning_rate, config.weight_decay
    if config.optimizer == "muon":
        return ConvolutionMuon(rate, weight_decay=decay, adam_weight_decay=decay)
    return keras.optimizers.AdamW(rate, weight_decay=decay, clipnorm=5.0)


def history(run: Path) -> list[dict[str, str]]:
    """Return a run's complete epochs, the columns of log.csv by name; a share of no rows is "nan"."""
    path = run / "log.csv"
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _share(hits: npt.NDArray[np.bool_]) -> float:
    return round(float(hits.mean()), 5) if len(hits) else float("nan")


def _read_facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text())
    except ValueError as error:
        raise DatasetError(f"{path} cannot be read: {error}") from error
    if not isinstance(facts, dict):
        raise DatasetError(f"{path} does not describe a run")
    return facts


def completed(config: Any) -> Any:
    """Return a recorded configuration with the fields that it is too old to know, at their defaults.

    What is no configuration is returned as it is.
    """
    if not isinstance(config, dict):
        return config
    whole = json.loads(json.dumps(asdict(TrainingConfig()))) | config
    for part, kind in (("architecture", ArchitectureConfig), ("augmentation", AugmentationConfig)):
        if isinstance(whole[part], dict):
            whole[part] = json.loads(json.dumps(asdict(kind()))) | whole[part]
    return whole


def _public_arguments(arguments: list[str]) -> list[str]:
    """Return the command line with folders replaced by their role: a card names no path of a machine."""
    shown, previous = [], ""
    for argument in arguments:
        shown.append(previous.removeprefix("--").upper() if previous in {"--data", "--run", "--from"} else argument)
        previous = argument
    return shown


def _git_revision() -> str | None:
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return answer.stdout.strip() or None
