"""Build small networks as ONNX graphs in memory and run them in ONNX Runtime.

Serving runs here and not in TensorFlow: a face is read in half the time, and a process takes a fifth of the memory.
Tensors are (n, channels, height, width); weights come in Keras' layouts and are turned on the way in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Floats: TypeAlias = npt.NDArray[np.float32]
Shape: TypeAlias = Sequence[int | str]
"""Sizes of a tensor's axes; a word stands for a size that changes from call to call."""

_OPSET, _IR_VERSION = 17, 9


class Graph:
    """Collect the nodes of one network. Every method adds to it and returns the name of what it adds."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[NodeProto] = []
        self._tensors: list[TensorProto] = []

    def tensor(self, values: npt.NDArray[np.generic]) -> str:
        """Add weights or other constants."""
        name = f"w{len(self._tensors)}"
        self._tensors.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add an operator of the ONNX standard with one output."""
        name = output or f"x{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def convolution(self, x: str, kernel: Floats, bias: Floats | None = None, padding: str = "VALID") -> str:
        """Add a convolution of stride 1. `kernel` is (height, width, in, out), padding VALID or SAME_UPPER."""
        weights = [self.tensor(kernel.transpose(3, 2, 0, 1))]
        if bias is not None:
            weights.append(self.tensor(bias))
        return self.node("Conv", x, *weights, kernel_shape=list(kernel.shape[:2]), auto_pad=padding)

    def dense(self, x: str, kernel: Floats, bias: Floats, *, output: str | None = None) -> str:
        """Add a matrix product. `kernel` is (in, out)."""
        return self.node("Gemm", x, self.tensor(kernel), self.tensor(bias), output=output)

    def serialize(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> bytes:
        """Return the model file's content. All inputs and outputs are float32."""
        graph = helper.make_graph(self._nodes, self.name, _values(inputs), _values(outputs), self._tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
        return bytes(model.SerializeToString())


def _values(shapes: Mapping[str, Shape]) -> list[ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()]


def session(model: bytes, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return a runnable network; `threads` 0 means one a core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Pictures come in ever new sizes: an arena would keep the largest of every shape for ever, a plan would be made
    # for each.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    # Threads that wait by spinning take the processor from the other workers of the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
