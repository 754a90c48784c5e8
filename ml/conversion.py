"""Turn a saved Keras network into an ONNX graph without TensorFlow.

The `.keras` file stays the source of truth: it is translated in memory whenever a process starts to serve. Only the
layers that `architecture.py` uses are known, each with exactly the settings used there; whatever else a file asks for
is refused, so nothing in it can carry code, reach other files or be read differently from how it was trained.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ml.errors import ArtifactError
from ml.onnx_runtime import Graph
from ml.types import EMOTIONS, FER_LABELS

INPUT, HEADS = "face", {"emotion": len(EMOTIONS), "original": len(FER_LABELS)}
MAX_BYTES = 64_000_000
"""More than three times what a network of five million parameters takes; a file that unpacks to more is refused."""
_BROKEN = (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError, RuntimeError, zipfile.BadZipFile)

# What each layer must be set to; settings that matter in training alone (initialisers, momentum) are not looked at.
_SETTINGS: dict[str, dict[str, Any]] = {
    "InputLayer": {"batch_shape": [None, None, None, 1], "dtype": "float32", "name": INPUT},
    "GroupNormalization": {"groups": 1, "axis": -1, "center": False, "scale": False},
    "Conv2D": {
        "strides": [1, 1], "padding": "same", "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1,
        "activation": "linear", "use_bias": False,
    },
    "BatchNormalization": {"axis": -1, "center": True, "scale": True},
    "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    "Add": {},
    "MaxPooling2D": {
        "pool_size": [2, 2], "strides": [2, 2], "padding": "valid", "data_format": "channels_last",
    },
    "GlobalAveragePooling2D": {"data_format": "channels_last", "keepdims": False},
    "Dropout": {},
    "Dense": {"activation": "linear", "use_bias": True},
}  # fmt: skip


def to_onnx(path: Path) -> bytes:
    """Return a saved network, a `model.keras`, as an ONNX model.

    Input "face", float32 (n, 1, height, width), values 0 to 255; outputs "emotion" (n, 8) and "original" (n, 7).
    Raises ArtifactError when the file is damaged or holds anything but a network of `architecture.py`.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise ArtifactError(f"{path} unpacks to more than {MAX_BYTES} bytes")
            config = json.loads(archive.read("config.json"))
            weights = archive.read("model.weights.h5")
        with h5py.File(io.BytesIO(weights), "r") as file:
            return _Translation(config, _Weights(file)).run()
    except _BROKEN as error:
        raise ArtifactError(f"{path} cannot be loaded: {error!r}") from error


class _Weights:
    """Hand out a layer's weights by its name. Keras files them under the layer's type and notes the name beside."""

    def __init__(self, file: h5py.File) -> None:
        self._groups: dict[str, h5py.Group] = {}
        layers = _member(file, "layers", h5py.Group)
        for key in layers:
            group = _member(_member(layers, key, h5py.Group), "vars", h5py.Group)
            self._groups[str(group.attrs["name"])] = group

    def of(self, layer: str, *shapes: tuple[int, ...]) -> list[npt.NDArray[np.float32]]:
        group = self._groups[layer]
        if len(group) != len(shapes):
            raise ArtifactError(f"layer {layer} has {len(group)} weights instead of {len(shapes)}")
        found = []
        for number, shape in enumerate(shapes):
            values = _member(group, str(number), h5py.Dataset)
            # External and virtual data would be read from other files of the machine.
            if values.external or values.is_virtual or values.shape != shape or values.dtype != np.float32:
                raise ArtifactError(f"layer {layer}: weight {number} is not float32 {shape}")
            array = np.asarray(values[()], np.float32)
            if not np.isfinite(array).all():
                raise ArtifactError(f"layer {layer}: weight {number} is not finite")
            found.append(array)
        return found


def _member(group: h5py.Group, name: str, kind: type) -> Any:
    """Return a member that lies in the file itself: a link to another file is never followed."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ArtifactError(f"the weights hold no {group.name}/{name} of their own")
    member = group[name]
    if not isinstance(member, kind):
        raise ArtifactError(f"{group.name}/{name} in the weights is of another kind")
    return member


class _Translation:
    """Go through the layers in their order and add each to the graph."""

    def __init__(self, config: dict[str, Any], weights: _Weights) -> None:
        if config["class_name"] != "Functional":
            raise ArtifactError("the file holds no functional network")
        self.layers, self.outputs = config["config"]["layers"], config["config"]["output_layers"]
        self.weights, self.graph = weights, Graph("mood_face")
        self.made: dict[str, tuple[str, int]] = {}
        """What each layer gives: its name in the graph and its channels."""
        self.parts: dict[str, Callable[[str, dict[str, Any], str, int], tuple[str, int]]] = {
            "GroupNormalization": self._standardise,
            "Conv2D": self._convolution,
            "BatchNormalization": self._normalise,
            "ReLU": lambda _name, _config, x, width: (self.graph.node("Relu", x), width),
            "MaxPooling2D": lambda _name, _config, x, width: (
                self.graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), width),
            "GlobalAveragePooling2D": self._average,
            "Dropout": lambda _name, _config, x, width: (x, width),
            "Dense": self._dense,
        }  # fmt: skip

    def run(self) -> bytes:
        for layer in self.layers:
            self.made[layer["name"]] = self._layer(layer["class_name"], layer["name"], layer)
        if self.outputs != {head: [head, 0, 0] for head in HEADS}:
            raise ArtifactError(f"the network's outputs are {self.outputs}")
        if {head: self.made[head] for head in HEADS} != {head: (head, width) for head, width in HEADS.items()}:
            raise ArtifactError("the network's outputs are not the two heads")
        return self.graph.serialize(
            {INPUT: ("n", 1, "height", "width")}, {head: ("n", width) for head, width in HEADS.items()}
        )

    def _layer(self, kind: str, name: str, layer: dict[str, Any]) -> tuple[str, int]:
        config = layer["config"]
        wrong = [key for key, value in _SETTINGS[kind].items() if config[key] != value] if kind in _SETTINGS else [kind]
        if wrong or name in self.made or layer["module"] != "keras.layers" or layer["registered_name"] is not None:
            raise ArtifactError(f"layer {name}, a {kind}, is not one of this project's: {', '.join(wrong)}")
        sources = self._sources(layer["inbound_nodes"])
        if kind == "InputLayer" and not sources:
            return INPUT, 1
        if kind == "Add" and len(sources) == 2 and sources[0][1] == sources[1][1]:
            return self.graph.node("Add", sources[0][0], sources[1][0]), sources[0][1]
        if kind not in self.parts or len(sources) != 1:
            raise ArtifactError(f"layer {name}, a {kind}, has {len(sources)} inputs")
        return self.parts[kind](name, config, *sources[0])

    def _sources(self, calls: list[dict[str, Any]]) -> list[tuple[str, int]]:
        """Return what the layers give that this one takes; a layer is called once."""
        if not calls:
            return []
        (call,) = calls
        (given,) = call["args"]
        tensors = given if isinstance(given, list) else [given]
        return [self.made[tensor["config"]["keras_history"][0]] for tensor in tensors]

    def _standardise(self, _name: str, config: dict[str, Any], x: str, width: int) -> tuple[str, int]:
        if width != 1:  # one group over one channel is the standardisation of each picture by itself
            raise ArtifactError("pictures are standardised before the first convolution or not at all")
        one, zero = self.graph.tensor(np.ones(1, np.float32)), self.graph.tensor(np.zeros(1, np.float32))
        return self.graph.node("InstanceNormalization", x, one, zero, epsilon=float(config["epsilon"])), width

    def _convolution(self, name: str, config: dict[str, Any], x: str, width: int) -> tuple[str, int]:
        filters, (height, across) = config["filters"], config["kernel_size"]
        if prod((height, across, width, filters)) * 4 > MAX_BYTES or height != across or height not in {1, 3}:
            raise ArtifactError(f"layer {name}: the kernel is {height}x{across}x{width}x{filters}")
        (kernel,) = self.weights.of(name, (height, across, width, filters))
        return self.graph.convolution(x, kernel, padding="SAME_UPPER"), filters

    def _normalise(self, name: str, config: dict[str, Any], x: str, width: int) -> tuple[str, int]:
        parameters = [self.graph.tensor(values) for values in self.weights.of(name, *[(width,)] * 4)]
        # The runtime multiplies it into the convolution before, when it loads the graph.
        return self.graph.node("BatchNormalization", x, *parameters, epsilon=float(config["epsilon"])), width

    def _average(self, _name: str, _config: dict[str, Any], x: str, width: int) -> tuple[str, int]:
        return self.graph.node("Flatten", self.graph.node("GlobalAveragePool", x)), width

    def _dense(self, name: str, config: dict[str, Any], x: str, width: int) -> tuple[str, int]:
        kernel, bias = self.weights.of(name, (width, config["units"]), (config["units"],))
        return self.graph.dense(x, kernel, bias, output=name), config["units"]
