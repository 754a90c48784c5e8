"""What the tests of the vision code share: a real portrait, a tiny real artifact, a tiny real data folder."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.datasets import VOTE_COLUMNS


def pytest_collection_modifyitems(items):
    """Let TensorFlow's own use of NumPy pass: its tensors lack an argument that NumPy 2 asks for."""
    ours = Path(__file__).parent
    for item in items:
        if ours in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"))


@pytest.fixture(scope="session")
def portrait():
    """Return NASA's portrait of Eileen Collins, who smiles: 512x512, RGB, in the public domain."""
    from skimage import data

    return Image.fromarray(data.astronaut())


@pytest.fixture(scope="session")
def tiny_artifact(tmp_path_factory):
    """Write an artifact whose weights are random and whose form is real."""
    import keras

    from ml import artifacts
    from ml.architecture import ArchitectureConfig, build

    keras.utils.set_random_seed(3)
    model = build(ArchitectureConfig(widths=(4, 8), blocks=(1, 1)))
    card = {"name": "tiny-face", "temperatures": {"emotion": 1.5, "original": 1.0}}
    return artifacts.save(model, card, tmp_path_factory.mktemp("artifact")).folder


def write_data(folder: Path, training: int, public_test: int = 0, seed: int = 0) -> Path:
    """Write both FER2013 files with random pictures, no two alike, and a clear winner in every vote."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        (folder / "fer2013.csv").open("w", newline="") as pixels,
        (folder / "fer2013new.csv").open("w", newline="") as votes,
    ):
        faces, counts = csv.writer(pixels), csv.writer(votes)
        faces.writerow(["emotion", "pixels", "Usage"])
        counts.writerow(["Usage", "Image name", *VOTE_COLUMNS])
        for row, usage in enumerate(["Training"] * training + ["PublicTest"] * public_test):
            faces.writerow([row % 7, " ".join(map(str, rng.integers(0, 256, 48 * 48))), usage])
            counts.writerow([usage, f"fer{row}.png", *(8 if column == row % 8 else 0 for column in range(10))])
    return folder


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), training=160, public_test=24)
