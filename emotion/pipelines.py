"""Hand out the vision pipeline of this process, in the worker's child and nowhere else.

Every task asks for it anew, and so reads with the version that is active by then: nobody restarts a worker to promote
a version or to roll back. The detector is loaded once; of classifiers the two that were asked for last are kept, the
active one and the one that it replaced or the one that looks on.

A version that cannot be loaded costs nobody a reading: the one before goes on, the log and the version's page say so,
and it is tried again after a while.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog
from PIL import Image

from emotion.models import ModelVersion
from emotion.models.versions import active_version
from emotion.versions.selectors import version_folder
from emotion.versions.services import version_loaded, version_register_shipped
from ml.errors import ArtifactError
from ml.types import PictureReading

if TYPE_CHECKING:
    from ml.classifier import Classifier
    from ml.detection import Detector

logger = structlog.get_logger(__name__)

KEPT = 2
RETRY_SECONDS = 60.0
"""How long a version that could not be loaded is left alone."""


class FacePipeline(Protocol):
    """Read the faces of a picture."""

    def read(self, image: Image.Image) -> PictureReading:
        """Return every face with its reading, the largest first."""
        ...


def _detector() -> Detector:
    # Imported inside: the web process must not load what runs networks.
    from ml.detection import MtcnnDetector

    return MtcnnDetector()


def _classifier(folder: Path) -> Classifier:
    from ml.classifier import Classifier

    return Classifier.load(folder)


class Pipelines:
    """Hold what one process has loaded. A Celery child runs one task at a time, so nothing here is locked."""

    def __init__(
        self,
        load_detector: Callable[[], Detector] = _detector,
        load_classifier: Callable[[Path], Classifier] = _classifier,
    ) -> None:
        self._load_detector, self._load_classifier = load_detector, load_classifier
        self._detector: Detector | None = None
        self._classifiers: OrderedDict[str, Classifier] = OrderedDict()
        self._failed: dict[str, float] = {}
        self._serving = ""

    def active(self) -> FacePipeline:
        """Return the pipeline of the active version, or of the one before where that cannot be loaded.

        Raises ArtifactError when no version of this site can be loaded.
        """
        from ml.pipeline import Pipeline

        if not self._serving:
            self._register()
        active = active_version()
        classifier = next(filter(None, map(self.classifier, self._candidates(active))), None)
        if classifier is None:
            raise ArtifactError("no version of the network can be loaded; see the versions in the admin")
        if classifier.version != self._serving:
            logger.info("version_serving", version=classifier.version, before=self._serving)
            self._serving = classifier.version
        if self._detector is None:
            self._detector = self._load_detector()
        return Pipeline(self._detector, classifier)

    def _register(self) -> None:
        try:
            version_register_shipped()
        except ArtifactError:
            # A damaged installation does not stop a site that reads with a version of its own.
            logger.exception("shipped_version_not_registered")

    def _candidates(self, active: ModelVersion | None) -> Iterable[ModelVersion]:
        """Yield the active version, the one that this process has read with, then all that ever were active."""
        if active is not None:
            yield active
        been_active = ModelVersion.objects.exclude(promoted_at=None).order_by("-promoted_at")
        yield from been_active.filter(version=self._serving)
        yield from been_active

    def classifier(self, version: ModelVersion) -> Classifier | None:
        """Return the classifier of a version, or None, after noting why, when it cannot be loaded."""
        name = version.version
        if name in self._classifiers:
            self._classifiers.move_to_end(name)
            return self._classifiers[name]
        if time.monotonic() < self._failed.get(name, 0.0):
            return None
        try:
            loaded = self._load_classifier(version_folder(version))
            if loaded.version != name:
                raise ArtifactError(f"the folder of {name} holds {loaded.version}")
        except ArtifactError as error:
            self._failed[name] = time.monotonic() + RETRY_SECONDS
            logger.exception("version_not_loaded", version=name)
            version_loaded(version=version, error=str(error))
            return None
        self._failed.pop(name, None)
        version_loaded(version=version, error="")
        self._classifiers[name] = loaded
        while len(self._classifiers) > KEPT:
            self._classifiers.popitem(last=False)
        return loaded


@cache
def pipelines() -> Pipelines:
    """Return what this process has loaded."""
    return Pipelines()


def pipeline() -> FacePipeline:
    """Return the pipeline with which a task has to read now. Raises ArtifactError when no version can be loaded."""
    return pipelines().active()
