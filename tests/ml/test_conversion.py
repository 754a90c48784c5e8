"""What serves is the saved network, layer by layer, and nothing else."""

import io
import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

from ml import artifacts, conversion
from ml.architecture import ArchitectureConfig, build
from ml.classifier import Classifier
from ml.errors import ArtifactError
from ml.onnx_runtime import session


@pytest.fixture(scope="module")
def faces():
    return np.random.default_rng(2).integers(0, 256, (5, 48, 48, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def trained():
    """Return a network of real form, small, whose statistics are those of a trained one: none is 0 or 1."""
    keras.utils.set_random_seed(3)
    model = build(ArchitectureConfig(widths=(4, 8, 8), blocks=(1, 2, 2)))
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.2, 2, weight.shape) for weight in layer.get_weights()])
    return model


@pytest.fixture
def saved(trained, tmp_path):
    trained.save(tmp_path / "model.keras")
    return tmp_path / "model.keras"


def difference(model, path, faces):
    wanted = model(faces, training=False)
    found = session(conversion.to_onnx(path), 1).run(list(conversion.HEADS), {"face": faces.transpose(0, 3, 1, 2)})
    return max(np.abs(np.asarray(wanted[head]) - values).max() for head, values in zip(wanted, found, strict=True))


@pytest.mark.parametrize("side", [24, 33, 48])
def test_the_translated_network_says_what_keras_says(trained, saved, faces, side):
    assert difference(trained, saved, faces[:, :side, :side]) < 1e-4


@pytest.mark.model
def test_the_shipped_network_is_served_as_it_was_trained(faces):
    _, model = artifacts.load()
    assert difference(model, artifacts.DEFAULT / "model.keras", faces) < 1e-3


def test_a_difference_in_one_weight_is_seen(trained, saved, faces):
    with rewritten(saved) as (_, weights):
        weights["layers/conv2d_1/vars/0"][0, 0, 0, 0] += 1
    assert difference(trained, saved, faces) > 1e-3


class rewritten:  # noqa: N801 - read as a verb
    """Open a saved network's description and weights and write back what has become of them."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        with zipfile.ZipFile(self.path) as archive:
            self.config = json.loads(archive.read("config.json"))
            self.file = io.BytesIO(archive.read("model.weights.h5"))
        self.weights = h5py.File(self.file, "r+")
        return self.config, self.weights

    def __exit__(self, *problem):
        self.weights.close()
        with zipfile.ZipFile(self.path, "w") as archive:
            archive.writestr("config.json", json.dumps(self.config))
            archive.writestr("model.weights.h5", self.file.getvalue())


def layer(config, kind):
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == kind)


def of_another_kind(config, _):
    layer(config, "ReLU")["class_name"] = "Lambda"


def from_another_package(config, _):
    layer(config, "ReLU")["module"] = "os"


def registered(config, _):
    layer(config, "ReLU")["registered_name"] = "mine>ReLU"


def set_otherwise(config, _):
    layer(config, "ReLU")["config"]["negative_slope"] = 0.3


def with_a_stride(config, _):
    layer(config, "Conv2D")["config"]["strides"] = [2, 2]


def with_a_kernel_of_another_size(config, _):
    layer(config, "Conv2D")["config"]["kernel_size"] = [5, 5]


def with_endless_filters(config, _):
    layer(config, "Conv2D")["config"]["filters"] = 10**12


def fed_from_nowhere(config, _):
    layer(config, "ReLU")["inbound_nodes"][0]["args"][0]["config"]["keras_history"][0] = "elsewhere"


def called_twice(config, _):
    layer(config, "ReLU")["inbound_nodes"] *= 2


def without_layers(config, _):
    del config["config"]["layers"]


def without_a_head(config, _):
    config["config"]["output_layers"] = {"emotion": ["emotion", 0, 0]}


def with_the_heads_exchanged(config, _):
    config["config"]["output_layers"] = {"emotion": ["original", 0, 0], "original": ["emotion", 0, 0]}


def with_another_number_of_classes(config, weights):
    layer(config, "Dense")["config"]["units"] = 9
    for name, shape in (("0", (8, 9)), ("1", (9,))):
        del weights[f"layers/dense/vars/{name}"]
        weights[f"layers/dense/vars/{name}"] = np.zeros(shape, np.float32)


def with_weights_of_another_shape(_, weights):
    del weights["layers/dense/vars/1"]
    weights["layers/dense/vars/1"] = np.zeros(9, np.float32)


def with_weights_that_are_not_numbers(_, weights):
    weights["layers/dense/vars/1"][0] = np.nan


def with_weights_of_another_type(_, weights):
    del weights["layers/dense/vars/1"]
    weights["layers/dense/vars/1"] = np.zeros(8, np.float64)


def with_weights_missing(_, weights):
    del weights["layers/dense/vars/1"]


def with_weights_in_another_file(_, weights):
    del weights["layers/dense/vars/1"]
    weights["layers/dense/vars/1"] = h5py.ExternalLink("/etc/hostname", "/")


def with_layers_in_another_file(_, weights):
    del weights["layers/dense"]
    weights["layers/dense"] = h5py.ExternalLink("/etc/hostname", "/")


def with_data_outside(_, weights):
    del weights["layers/dense/vars/1"]
    weights["layers/dense/vars"].create_dataset(
        "1", (8,), np.float32, external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    )


@pytest.mark.parametrize(
    "change",
    [of_another_kind, from_another_package, registered, set_otherwise, with_a_stride, with_a_kernel_of_another_size,
     with_endless_filters, fed_from_nowhere, called_twice, without_layers, without_a_head, with_the_heads_exchanged,
     with_another_number_of_classes, with_weights_of_another_shape, with_weights_that_are_not_numbers,
     with_weights_of_another_type, with_weights_missing, with_weights_in_another_file, with_layers_in_another_file,
     with_data_outside],
)  # fmt: skip
def test_a_network_that_is_not_of_this_project_is_refused(saved, change):
    with rewritten(saved) as parts:
        change(*parts)
    with pytest.raises(ArtifactError):
        conversion.to_onnx(saved)


def test_what_was_only_rewritten_is_still_read(saved):
    with rewritten(saved):
        pass
    assert conversion.to_onnx(saved)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a network"])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    (tmp_path / "model.keras").write_bytes(content)
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        conversion.to_onnx(tmp_path / "model.keras")


def test_an_archive_that_unpacks_to_far_more_than_a_network_is_refused(saved):
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(conversion.MAX_BYTES))
    assert saved.stat().st_size < conversion.MAX_BYTES / 100
    with pytest.raises(ArtifactError, match="unpacks"):
        conversion.to_onnx(saved)


def test_serving_refuses_what_the_manifest_does_not_cover(tiny_artifact, tmp_path):
    copied = artifacts.copy(tiny_artifact, tmp_path / "artifact").folder
    assert Classifier.load(copied).version.startswith("tiny-face-")
    with (copied / "model.keras").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ArtifactError, match="SHA-256"):
        Classifier.load(copied)
