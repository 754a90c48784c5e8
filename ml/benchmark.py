"""Time the pipeline, side by side with the packages that others use, on pictures made at run time from FER2013.

A picture is a face of the data, enlarged and set with a soft edge into a made-up background; NASA's portrait is added
where scikit-image is installed. All times are medians of warm runs in milliseconds. What is compared alternates picture
by picture, so that both meet the same load; where a limit is absolute, the processor time is given too, which other
work on the machine hardly changes.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from ml import datasets
from ml.classifier import Classifier
from ml.errors import DatasetError, MlError
from ml.pipeline import Pipeline
from ml.types import Box

SCENE = (640, 480)
LARGE = (4000, 3000)
FACES = 400
"""Faces of the data that the classifier is timed on."""
_WARM = 5
_FER = """
import sys, time, statistics, pathlib
from PIL import Image
import numpy
import facenet_pytorch  # with torch, before fer brings TensorFlow: the other way round the process crashes
from fer.fer import FER
reader, times = FER(mtcnn=True), []
for number, path in enumerate(sorted(pathlib.Path(sys.argv[1]).glob("*.png"))):
    pixels = numpy.asarray(Image.open(path).convert("RGB"))[:, :, ::-1].copy()
    started = time.perf_counter()
    reader.detect_emotions(pixels)
    if number >= int(sys.argv[2]):
        times.append(1000 * (time.perf_counter() - started))
print(statistics.median(times))
"""


def scenes(data: Path, count: int, seed: int = 7) -> list[Image.Image]:
    """Return pictures of 640x480 with one large face each, from PublicTest rows. Raises DatasetError."""
    rows = datasets.load(data, "PublicTest")
    if len(rows) < count:
        raise DatasetError(f"{data} holds {len(rows)} PublicTest rows; {count} are needed")
    rng = np.random.default_rng(seed)
    pictures = [_scene(rows.images[row], rng) for row in rng.permutation(len(rows))[:count]]
    portrait = _portrait()
    return pictures if portrait is None else [*pictures, portrait]


def _scene(face: npt.NDArray[np.uint8], rng: np.random.Generator) -> Image.Image:
    width, height = SCENE
    colours = rng.integers(30, 226, (6, 8, 3)).astype(np.uint8)
    picture = Image.fromarray(colours).resize(SCENE, Image.Resampling.BICUBIC)
    grain = rng.normal(0, 4, (height, width, 1))
    picture = Image.fromarray(np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8))
    side = int(rng.integers(120, 320))
    large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC).convert("RGB")
    mask = Image.new("L", (side, side), 0)
    inset = side // 24
    mask.paste(255, (inset, inset, side - inset, side - inset))
    mask = mask.filter(ImageFilter.GaussianBlur(inset / 2))
    picture.paste(large, (int(rng.integers(0, width - side)), int(rng.integers(0, height - side))), mask)
    return picture


def _portrait() -> Image.Image | None:
    try:
        from skimage import data
    except ImportError:
        return None
    canvas = Image.new("RGB", SCENE, (120, 120, 120))
    canvas.paste(Image.fromarray(data.astronaut()).crop((0, 0, 512, 480)), (64, 0))
    return canvas


def overlap(first: Box, second: Box) -> float:
    """Return intersection over union of two boxes."""
    across = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    down = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    common = max(0.0, across) * max(0.0, down)
    return common / (first.width * first.height + second.width * second.height - common)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = perf_counter()
    answer = work()
    return 1000 * (perf_counter() - started), answer


def _median(times: Sequence[float]) -> float:
    return round(float(np.median(times)), 2)


def compare_detection(pipeline: Pipeline, pictures: Sequence[Image.Image]) -> dict[str, Any]:
    """Time a whole reading against the package mtcnn finding faces alone, and compare the largest faces."""
    from mtcnn import MTCNN  # with TensorFlow: the process that is measured for its memory must not load it

    package = MTCNN()
    arrays = [np.asarray(picture) for picture in pictures]
    for picture, pixels in zip(pictures[:_WARM], arrays, strict=False):
        pipeline.read(picture)
        package.detect_faces(pixels)
    ours, theirs, theirs_found, same = [], [], 0, 0
    for picture, pixels in zip(pictures, arrays, strict=True):
        spent, reading = _timed(partial(pipeline.read, picture))
        ours.append(spent)
        spent, found = _timed(partial(package.detect_faces, pixels))
        theirs.append(spent)
        if found:
            theirs_found += 1
            box = Box(*max((face["box"] for face in found), key=lambda box: box[2] * box[3]))
            same += bool(reading.faces) and overlap(reading.faces[0].detection.box, box) >= 0.5
    return {
        "pictures": len(pictures),
        "photo_to_reading_ms": _median(ours),
        "mtcnn_package_detection_ms": _median(theirs),
        "times_faster": round(float(np.median(theirs) / np.median(ours)), 2),
        "mtcnn_package_finds": theirs_found,
        "largest_face_iou_50": round(same / theirs_found, 4) if theirs_found else None,
    }


def compare_fer(python: Path, pipeline: Pipeline, pictures: Sequence[Image.Image]) -> dict[str, Any]:
    """Time the package fer with MTCNN in an environment of its own, then the pipeline on the same pictures."""
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(pictures):
            picture.save(Path(folder) / f"{number:04}.png")
        answer = subprocess.run(
            [str(python), "-c", _FER, folder, str(_WARM)], capture_output=True, text=True, check=False
        )
    if answer.returncode:
        raise MlError(f"the package fer does not run in {python}: {answer.stderr.strip()[-300:]}")
    theirs = float(answer.stdout.split()[-1])
    ours = [_timed(partial(pipeline.read, picture))[0] for picture in pictures][_WARM:]
    return {
        "fer_package_ms": round(theirs, 2),
        "photo_to_reading_ms": _median(ours),
        "times_faster": round(theirs / float(np.median(ours)), 2),
    }


def large_photo(pipeline: Pipeline, pictures: Sequence[Image.Image]) -> dict[str, Any]:
    """Time the same pictures at 640x480 and at 12 megapixels, already decoded."""
    small, large = [], []
    for number, picture in enumerate(pictures):
        photo = picture.resize(LARGE, Image.Resampling.BILINEAR)
        spent = _both_clocks(partial(pipeline.read, picture)), _both_clocks(partial(pipeline.read, photo))
        if number:
            small.append(spent[0])
            large.append(spent[1])
    wall, processor = np.median(large, axis=0) / np.median(small, axis=0)
    return {
        "small_ms": _median([wall for wall, _ in small]),
        "large_ms": _median([wall for wall, _ in large]),
        "ratio": round(float(wall), 2),
        "processor_ratio": round(float(processor), 2),
    }


def _both_clocks(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the milliseconds on the wall and of the processor."""
    before = process_time()
    wall, _ = _timed(work)
    return wall, 1000 * (process_time() - before)


def classify_on_one_thread(artifact: Path, faces: npt.NDArray[np.uint8]) -> dict[str, Any]:
    """Time the classifier on aligned faces, uint8 (n, 48, 48), one by one, with one thread.

    A face that is not clear at first sight is looked at four times, hence the mean beside the median.
    """
    classifier = Classifier.load(artifact, threads=1)
    for face in faces[:_WARM]:
        classifier.probabilities(face[None])
    spent = [_both_clocks(partial(classifier.probabilities, face[None])) for face in faces]
    walls, processors = zip(*spent, strict=True)
    return {
        "threads": 1,
        "faces": len(faces),
        "one_face_ms": _median(walls),
        "one_face_mean_ms": round(float(np.mean(walls)), 2),
        "one_face_processor_ms": _median(processors),
    }


def video(pipeline: Pipeline, picture: Image.Image, frames: int = 120) -> dict[str, Any]:
    """Count the frames a second of a clip in which a face drifts across a picture."""
    width, height = SCENE
    wide = picture.resize((width + frames, height), Image.Resampling.BILINEAR)
    clip = [wide.crop((shift, 0, shift + width, height)) for shift in range(frames)]
    wall, processor = _both_clocks(lambda: [pipeline.read(frame) for frame in clip])
    return {
        "frames": frames,
        "frames_per_second": round(1000 * frames / wall, 1),
        "frames_per_processor_second": round(1000 * frames / processor, 1),
    }


def memory_of_a_worker(artifact: Path, pictures: Sequence[Image.Image], photos: int) -> dict[str, Any]:
    """Follow the memory in a process that holds nothing but a pipeline and a few pictures, as a worker does."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_memory, artifact, pictures, photos).result()


def _memory(artifact: Path, pictures: Sequence[Image.Image], photos: int) -> dict[str, Any]:
    return memory(Pipeline.load(artifact), pictures, photos)


def memory(pipeline: Pipeline, pictures: Sequence[Image.Image], photos: int) -> dict[str, Any]:
    """Read photos of ever new sizes and follow the resident memory.

    The slope is that of the second half, by least squares, with the half width of its 95 % interval beside it.
    """
    rng = np.random.default_rng(7)
    seen: list[tuple[int, float]] = []
    for number in range(photos):
        picture = pictures[number % len(pictures)]
        size = int(rng.integers(320, 1600))
        pipeline.read(picture.resize((size, size * 3 // 4), Image.Resampling.BILINEAR))
        seen.append((number + 1, _resident()))
    half = seen[len(seen) // 2 :]
    counts, sizes = np.array(half).T
    slope, error = _slope(counts, sizes) if len(half) > 2 else (0.0, float("inf"))
    return {
        "photos": photos,
        "resident_mb": round(float(np.median(sizes)), 1),
        "mb_per_1000_photos": round(1000 * slope, 1),
        "mb_per_1000_photos_95": round(1000 * error, 1) if np.isfinite(error) else None,
    }


def _slope(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the slope of a straight line through points and the half width of its 95 % interval."""
    away = x - x.mean()
    slope = float((away * y).sum() / (away**2).sum())
    rest = y - y.mean() - slope * away
    return slope, 1.96 * float(np.sqrt((rest**2).sum() / (len(x) - 2) / (away**2).sum()))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(data: Path, artifact: Path, count: int, photos: int, fer: Path | None) -> dict[str, Any]:
    """Run all measurements and return them JSON-ready."""
    pictures = scenes(data, count)
    pipeline = Pipeline.load(artifact)
    found = {
        "model_version": pipeline.classifier.version,
        "threads": len(os.sched_getaffinity(0)),
        "load_average": round(os.getloadavg()[0], 2),
        "side_by_side": compare_detection(pipeline, pictures),
        "twelve_megapixels": large_photo(pipeline, pictures[: max(2, count // 10)]),
        "classification": classify_on_one_thread(artifact, datasets.load(data, "PublicTest").images[:FACES]),
        "video": video(pipeline, pictures[-1]),
        "memory": memory_of_a_worker(artifact, pictures[:8], photos),
    }
    if fer is not None:
        found["fer"] = compare_fer(fer, pipeline, pictures[:60])
    return found
