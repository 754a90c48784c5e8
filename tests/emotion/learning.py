"""What the tests of training samples share."""

from __future__ import annotations

from emotion.models import EmotionReading, ManifestEntry, ModelVersion, TrainingRun, TrainingSample
from emotion.samples.services import sample_accept
from emotion.services import reading_correct
from privacy.purposes import Purpose

ALL = (Purpose.EMOTION_INFERENCE, Purpose.STORE_HISTORY, Purpose.TRAIN_MODEL)


def folder(settings) -> list[str]:
    """Return the names of all stored faces."""
    place = settings.MEDIA_ROOT / "samples"
    return sorted(path.name for path in place.iterdir()) if place.exists() else []


def accepted(reading: EmotionReading, actor, word: str = "sadness") -> TrainingSample:
    """Have a reading corrected and its sample accepted; return the sample."""
    reading_correct(reading=reading, emotion=word)
    sample: TrainingSample = TrainingSample.objects.get(reading=reading)
    sample_accept(sample=sample, actor=actor)
    sample.refresh_from_db()
    return sample


def trained(name: str, *samples: TrainingSample, start: str = "", held_out: bool = False, **fields) -> ModelVersion:
    """Return a version whose run was given some samples, as training leaves it."""
    run = TrainingRun.objects.create(kind="fine_tune", status="done", is_open=False, options={}, start_version=start)
    for sample in samples:
        ManifestEntry.objects.create(
            run=run,
            sample=sample,
            consent=sample.consent,
            sha256=sample.sha256,
            label=sample.final_label,
            held_out=held_out,
        )
    return ModelVersion.objects.create(version=name, sha256=name, size=1, origin="trained", run=run, **fields)
