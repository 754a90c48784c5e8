"""Measure a version beside the one that reads. Loads networks: only workers and commands may call it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import structlog
from django.conf import settings
from PIL import Image

from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.samples.selectors import samples_for_training
from emotion.versions.selectors import version_folder
from ml.types import EMOTIONS, Emotion

logger = structlog.get_logger(__name__)

SMALLEST_SITE_SET = 20
"""Held-out samples of the site below which their figures say more of chance than of a version."""
USAGES = ("PublicTest", "PrivateTest")


def version_evaluate(version: ModelVersion) -> ModelVersion:
    """Measure a version and the active one on the same rows, keep the figures, and return the version.

    The rows are the test rows of the operator's base data, where there are any, and the site's own held-out samples.
    The active version itself is measured alone, against nothing. Raises ArtifactError when one of the two cannot be
    loaded, DatasetError when the base data cannot be read.
    """
    from ml.classifier import Classifier
    from ml.comparison import compare

    active = active_version()
    compared = [version] if active is None or active.pk == version.pk else [version, active]
    classifiers = [Classifier.load(version_folder(each)) for each in compared]
    figures, disagreements = compare(classifiers, {**_base_sets(), **_site_set()})
    documents = [{**found, "size": each.size} for found, each in zip(figures, compared, strict=True)]
    document = documents[0]
    if len(compared) > 1:
        document |= {
            "compared_with": compared[1].version,
            "reference": documents[1],
            "comparison": {"disagreements": disagreements},
        }
    version.evaluation = document
    version.save(update_fields=["evaluation"])
    logger.info("version_evaluated", version=version.version, sets=sorted(document["sets"]))
    return version


def _base_sets() -> dict[str, Any]:
    """Return the test rows of the base data, with those marked that Training nearly repeats."""
    from ml import datasets, evaluation
    from ml.comparison import LabelledSet

    if not settings.TRAINING_BASE_DATA:
        return {}
    folder = Path(settings.TRAINING_BASE_DATA)
    tests = {usage: datasets.load(folder, usage) for usage in USAGES}
    tests = {usage: rows for usage, rows in tests.items() if len(rows)}
    if not tests:
        return {}
    training = datasets.load(folder, "Training").images
    return {
        usage: LabelledSet(rows, repeated=evaluation.repeats(rows.images, training)) for usage, rows in tests.items()
    }


def _site_set() -> dict[str, Any]:
    """Return the accepted samples of the people on whom versions are measured and never trained."""
    from ml.comparison import labelled_faces

    faces, truth = [], []
    for sample in samples_for_training().filter(held_out=True):
        with sample.image.open("rb") as file:
            faces.append(np.asarray(Image.open(file).convert("L"), np.uint8))
        truth.append(EMOTIONS.index(Emotion(sample.final_label)))
    if len(faces) < SMALLEST_SITE_SET:
        return {}
    return {"site": labelled_faces(np.stack(faces), np.array(truth, np.intp))}
