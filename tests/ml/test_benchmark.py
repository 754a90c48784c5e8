import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

from ml import benchmark
from ml.card import speed
from ml.cli import main
from ml.errors import DatasetError, MlError
from ml.types import Box


def test_pictures_are_composed_alike_for_a_seed_and_hold_the_faces_of_the_data(tiny_data):
    first, again = benchmark.scenes(tiny_data, 3), benchmark.scenes(tiny_data, 3)
    assert {picture.size for picture in first} == {(640, 480)}
    assert len(first) == 4  # and the portrait
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(first[0], first[1])
    with pytest.raises(DatasetError, match="25 are needed"):
        benchmark.scenes(tiny_data, 25)


def test_overlap_is_intersection_over_union():
    box = Box(0, 0, 10, 10)
    assert benchmark.overlap(box, box) == 1
    assert benchmark.overlap(box, Box(5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert benchmark.overlap(box, Box(20, 20, 5, 5)) == 0


class Keeps:
    """Read nothing and keep four megabytes of every photo."""

    def __init__(self):
        self.kept = []

    def read(self, picture):
        self.kept.append(np.ones(4_000_000, np.uint8))


def test_the_slope_of_memory_tells_of_a_leak(portrait):
    # In a process of its own: what this one has freed before would be filled again first, and show no growth.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.submit(benchmark.memory, Keeps(), [portrait], 200).result()
    assert found["photos"] == 200
    assert found["mb_per_1000_photos"] == pytest.approx(4000, rel=0.3)


def test_an_environment_without_fer_is_a_clear_error(portrait, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho No module named fer >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(MlError, match="No module named fer"):
        benchmark.compare_fer(python, Keeps(), [portrait])


@pytest.mark.model
def test_bench_measures_everything_and_keeps_it_in_the_card(tiny_data, tiny_artifact, tmp_path, capsys):
    from ml import artifacts

    artifacts.copy(tiny_artifact, tmp_path / "artifact")
    asked = ["bench", "--data", str(tiny_data), "--pictures", "2", "--photos", "40", "--json", "--keep"]
    assert main([*asked, "--artifact", str(tmp_path / "artifact")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert artifacts.check(tmp_path / "artifact").card["speed"] == found
    assert found["side_by_side"]["pictures"] == 3
    assert found["side_by_side"]["mtcnn_package_finds"] >= 1  # the portrait
    assert found["side_by_side"]["largest_face_iou_50"] == 1
    for value in (found["twelve_megapixels"]["ratio"], found["classification"]["one_face_ms"]):
        assert value > 0
    assert found["video"]["frames_per_second"] > 0
    assert found["memory"]["photos"] == 40
    assert f"| video of 640x480 | {found['video']['frames_per_second']} frames/s |" in speed(found)
