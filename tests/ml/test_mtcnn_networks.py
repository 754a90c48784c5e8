"""The networks that find faces say what the package mtcnn's own say."""

import numpy as np
import pytest

from ml import mtcnn_networks
from ml.errors import ArtifactError
from ml.onnx_runtime import session

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def package():
    from mtcnn import MTCNN

    return [MTCNN().get_stage(stage_id=number).model for number in (1, 2, 3)]


@pytest.fixture(scope="module")
def pixels(portrait):
    return np.asarray(portrait)[:400]


def channels_last(pixels):
    return mtcnn_networks.normalise(pixels).transpose(0, 2, 3, 1)


@pytest.mark.parametrize("size", [(400, 512), (399, 511), (33, 46), (13, 12)])
def test_the_proposals_are_the_package_s(package, pixels, size):
    part = pixels[: size[0], : size[1]]
    offsets, scores = (np.asarray(found) for found in package[0](channels_last(part)))
    (cells,) = session(mtcnn_networks.proposal(), 1).run(None, {"picture": mtcnn_networks.normalise(part)})
    assert cells[:, :4].transpose(0, 2, 3, 1) == pytest.approx(offsets, abs=1e-4)
    assert 1 / (1 + np.exp(-cells[:, 4])) == pytest.approx(scores[..., 1], abs=1e-4)


@pytest.mark.parametrize(("stage", "side"), [(2, mtcnn_networks.REFINE_SIDE), (3, mtcnn_networks.OUTPUT_SIDE)])
def test_the_boxes_are_cut_and_judged_as_the_package_does(package, pixels, stage, side):
    from mtcnn.utils.images import extract_patches

    rng = np.random.default_rng(0)
    corner, edge = rng.uniform(0, 180, (40, 2)), rng.uniform(15, 200, (40, 1))
    boxes = np.hstack([corner, corner + edge]).astype(np.float32)
    rows = np.hstack([np.zeros((40, 1), np.float32), boxes])
    wanted = package[stage - 1](extract_patches(channels_last(pixels), rows, expected_size=(side, side)))
    network = session((mtcnn_networks.refinement if stage == 2 else mtcnn_networks.output)(), 1)
    frames = mtcnn_networks.frames(boxes, (512, 400))
    found = network.run(None, {"picture": mtcnn_networks.normalise(pixels), "boxes": frames})
    assert len(found) == len(wanted) == stage
    for ours, theirs in zip(found, wanted, strict=True):
        assert ours == pytest.approx(np.asarray(theirs), abs=1e-3)


def test_another_network_in_the_package_is_refused(monkeypatch):
    monkeypatch.setattr("ml.mtcnn_networks.joblib.load", lambda file: [np.zeros((3, 3, 3, 12), np.float32)])
    with pytest.raises(ArtifactError, match="another pnet"):
        mtcnn_networks.proposal()


def test_a_package_without_its_weights_is_a_clear_error(monkeypatch):
    def gone(file):
        raise FileNotFoundError(file)

    monkeypatch.setattr("ml.mtcnn_networks.joblib.load", gone)
    with pytest.raises(ArtifactError, match="does not hold onet"):
        mtcnn_networks.output()
