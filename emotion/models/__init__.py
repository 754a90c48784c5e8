"""What the emotion app stores: captures with their readings, training samples, model versions, training runs."""

from emotion.models.captures import (
    EMOTION_CHOICES,
    Capture,
    CaptureQuerySet,
    EmotionReading,
    ReadingQuerySet,
    ToldMood,
    capture_image_path,
    crop_path,
)
from emotion.models.samples import TrainingSample, TrainingSampleQuerySet, sample_path
from emotion.models.training import ManifestEntry, TrainingRun
from emotion.models.versions import DriftAlert, ModelVersion, ShadowReading

__all__ = [
    "EMOTION_CHOICES",
    "Capture",
    "CaptureQuerySet",
    "DriftAlert",
    "EmotionReading",
    "ManifestEntry",
    "ModelVersion",
    "ReadingQuerySet",
    "ShadowReading",
    "ToldMood",
    "TrainingRun",
    "TrainingSample",
    "TrainingSampleQuerySet",
    "capture_image_path",
    "crop_path",
    "sample_path",
]
