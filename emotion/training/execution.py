"""Do a run, in its own worker: the only place outside `ml` and the command line that trains."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
from django.conf import settings
from PIL import Image

from emotion.models import ModelVersion, TrainingRun
from emotion.training import services
from emotion.training.manifest import SampleWithdrawn, manifest_freeze, manifest_read, manifest_stale, run_folder
from emotion.training.options import RunOptions
from emotion.versions.evaluating import version_evaluate
from emotion.versions.selectors import version_folder
from ml import artifacts, material
from ml.errors import ArtifactError, MlError, TrainingCancelled
from ml.material import Material, Samples
from ml.types import EMOTIONS, Emotion

if TYPE_CHECKING:
    from ml.training import Progress, Trainer, TrainingConfig

logger = structlog.get_logger(__name__)

WRITE_EVERY = 1.0
# How much the version's own word on the samples counts, where no base rows hold against forgetting.
DISTILLATION = 0.5
# From scratch the picture grows in these shares of the epochs, as in the run that made the shipped network.
GROWING = ((32, 0.45), (40, 0.2), (48, 0.35))


class Reporter:
    """Write a run's progress for people, at most once a second, and say when it has to stop."""

    def __init__(self, run: TrainingRun, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.reason = ""
        self._written, self._epoch = 0.0, 0
        self._first: tuple[float, int] | None = None

    def progress(self, now: Progress) -> None:
        """Take the trainer's word after a step."""
        self._now, moment = now, time.monotonic()
        done = (now.epoch - 1) * now.steps + now.step
        if self._first is None:
            self._first = (moment, done)
        if now.epoch != self._epoch:
            self.epoch_ended()
            self._epoch = now.epoch
        elif moment - self._written < WRITE_EVERY and (now.epoch, now.step) != (now.epochs, now.steps):
            return
        self._written = moment
        started, before = self._first
        left = now.epochs * now.steps - done
        eta = round((moment - started) / (done - before) * left) if done > before else None
        services.claimed(self.run).update(
            epoch=now.epoch, epochs=now.epochs, step=now.step, steps=now.steps, loss=now.loss, eta_seconds=eta
        )
        if manifest_stale(run=self.run):
            self.reason = "withdrawn"

    def epoch_ended(self) -> None:
        """Note the epochs that are complete, with a line for each new one."""
        from ml.training import history

        epochs = [_numbers(row) for row in history(self.folder)]
        known = len(self.run.history)
        for row in epochs[known:]:
            accuracy = "none" if row["accuracy"] is None else f"{row['accuracy']:.1%}"
            services.log_add(
                run=self.run,
                line=f"Epoch {row['epoch']}: loss {row['loss']:.3f}, accuracy on validation {accuracy}, "
                f"{row['seconds']:.0f} s",
            )
        if len(epochs) > known:
            # A run that gets on may be killed as often as its worker is.
            services.claimed(self.run).update(history=epochs, attempts=1)
            self.run.history = epochs

    def stop(self) -> bool:
        """Tell, after each batch, whether to stop; `reason` says why."""
        current = services.claimed(self.run).values_list("cancel_requested_at", flat=True).first()
        if not services.claimed(self.run).exists():
            self.reason = "lost"
        elif current is not None:
            self.reason = "cancelled"
        return bool(self.reason)


def _numbers(row: dict[str, str]) -> dict[str, Any]:
    def number(name: str) -> float | None:
        value = float(row[name])
        return None if np.isnan(value) else value

    return {
        "epoch": int(row["epoch"]),
        "loss": number("loss"),
        "accuracy": number("validation_fer_plus_8"),
        "seconds": float(row["seconds"]),
    }


def run_execute(*, run: TrainingRun) -> None:
    """Bring a claimed run to its end: freeze its list, train or go on, make the candidate, measure it.

    What cannot succeed ends it with a word; anything unforeseen is raised, and the caller releases the claim.
    """
    _limit_threads()
    try:
        version = ModelVersion.objects.filter(run=run).first() or _train(run)
        if version is None:
            return
        services.log_add(run=run, line=f"Measuring the candidate {version.version}.")
        version_evaluate(version)
    except SampleWithdrawn:
        services.run_restart(run=run)
    except MlError as error:
        logger.warning("training_failed", run_id=run.pk, error=type(error).__name__)
        services.run_fail(run=run, error=str(error))
    else:
        services.run_done(run=run)


def _limit_threads() -> None:
    """Tell TensorFlow and NumPy how many threads to start; they ask once, when they are loaded."""
    for name in ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, str(settings.TRAINING_THREADS))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")


def _train(run: TrainingRun) -> ModelVersion | None:
    manifest_freeze(run=run)
    folder = run_folder(run)
    reporter = Reporter(run, folder)
    services.log_add(run=run, line="Reading what it learns from.")
    trainer = _trainer(run, folder)
    if int(trainer.epoch):
        services.log_add(run=run, line=f"Going on after epoch {int(trainer.epoch)}.")
    counts = trainer.material.counts
    services.log_add(
        run=run,
        line=f"Learning from {len(trainer.train)} rows, {counts.get('site_trained_on', 0)} of them this site's own; "
        f"{len(trainer.validation)} validate.",
    )
    try:
        artifact = trainer.fit(progress=reporter.progress, cancelled=reporter.stop, bar=False)
    except TrainingCancelled as error:
        if reporter.reason == "withdrawn":
            raise SampleWithdrawn from error
        if reporter.reason == "cancelled":
            services.run_cancelled(run=run)
        return None
    reporter.epoch_ended()
    if reporter.stop():
        services.run_cancelled(run=run)
        return None
    version = services.run_candidate(run=run, folder=artifact.folder)
    if version is None and manifest_stale(run=run):
        raise SampleWithdrawn
    return version


def _trainer(run: TrainingRun, folder: Path) -> Trainer:
    from ml.training import Trainer

    options = RunOptions.of(run.kind, run.options)
    start = None
    if run.kind == TrainingRun.Kind.FINE_TUNE:
        start = version_folder(ModelVersion.objects.get(version=run.start_version))
    config = _config(options, start)
    learned = _material(run, options, config)
    if start is not None and learned.base_digest is None:
        config = replace(config, distillation=DISTILLATION, freeze_normalisation=True)
    # Small sets get small batches, so that an epoch has several of them.
    if len(learned.train) < 16 * config.batch_size:
        config = replace(config, batch_size=8)
    # The candidate is measured beside the active version afterwards; once is enough.
    learned = replace(learned, data=None)
    return Trainer(learned, folder, config, resume=True, start=start, command="a training run of a site")


def _config(options: RunOptions, start: Path | None) -> TrainingConfig:
    """Return the configuration of a run; a fine-tuning keeps the form, augmentation and division of its start."""
    from ml.architecture import ArchitectureConfig
    from ml.augmentation import AugmentationConfig
    from ml.training import TrainingConfig, division_of

    config = TrainingConfig(seed=options.seed, peak_learning_rate=options.peak_rate)
    if start is None:
        return replace(config, schedule=_growing(options.epochs), split_seed=TrainingConfig().seed)
    card = artifacts.check(start).card
    try:
        made = card["config"]
        division = division_of(made)
        form = {name: tuple(made["architecture"][name]) for name in ("widths", "blocks")}
        architecture = ArchitectureConfig(**form, dropout=made["architecture"]["dropout"])
        varied: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in made["augmentation"].items()
        }
        return replace(
            config,
            name=card["name"],
            schedule=((48, options.epochs),),
            split_seed=division["seed"],
            validation_fraction=division["validation_fraction"],
            limit=division["limit"],
            architecture=architecture,
            augmentation=AugmentationConfig(**varied),
        )
    except (KeyError, TypeError) as error:
        raise ArtifactError(f"the card of {card['name']} does not tell how the network was trained") from error


def _growing(epochs: int) -> tuple[tuple[int, int], ...]:
    counts = [max(1, round(epochs * share)) for _, share in GROWING[:-1]]
    counts.append(epochs - sum(counts))
    return tuple((size, count) for (size, _), count in zip(GROWING, counts, strict=True))


def _material(run: TrainingRun, options: RunOptions, config: TrainingConfig) -> Material:
    samples = _samples(run)
    full = run.kind == TrainingRun.Kind.FULL
    rows = None
    if settings.TRAINING_BASE_DATA and (full or options.base_share > 0):
        rows = material.base(Path(settings.TRAINING_BASE_DATA), **config.division)
    teaches = ~(samples.held_out | samples.validating)
    if rows is not None and full and not teaches.any():
        return rows
    return material.mixed(samples, rows, None if full else options.base_share)


def _samples(run: TrainingRun) -> Samples:
    """Read the faces of a run's list. Raises SampleWithdrawn when one is gone, ValueError when one is another."""
    listed = manifest_read(run=run)
    images = np.empty((len(listed), 48, 48), np.uint8)
    for place, each in enumerate(listed):
        sample = each.entry.sample
        assert sample is not None
        try:
            with sample.image.open("rb") as file:
                images[place] = np.asarray(Image.open(file).convert("L"), np.uint8)
        except (FileNotFoundError, ValueError) as error:
            # Django raises ValueError for a row without a file: rejected since the list was frozen.
            raise SampleWithdrawn from error
        if hashlib.sha256(images[place].tobytes()).hexdigest() != each.entry.sha256:
            raise ValueError(f"the picture of sample {sample.pk} is not the one that run {run.pk} froze")
    return Samples(
        images,
        np.array([EMOTIONS.index(Emotion(each.entry.label)) for each in listed], np.intp),
        np.array([each.validating and not each.entry.held_out for each in listed], bool),
        np.array([each.entry.held_out for each in listed], bool),
        run.manifest_sha256,
    )
