"""Flash: what the model file and the code that runs it take.

The weights are exact. The rest of the `.tflite` file is modelled from the structure of the files
that `wakeling.export` writes; the runtime's code is a measured constant.
"""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.cost.parameters import BIAS_BYTES, WEIGHT_BYTES, Parameters
from wakeling.graph import Graph

RUNTIME_BYTES = 446_048 - 333_288 - 27_648
"""Code of TensorFlow Lite Micro with CMSIS-NN and MobileNetV1's operators, on a Cortex-M4.

A measured image of 446,048 bytes less its 333,288-byte model and its 27,648-byte test picture.
"""

SCALE_BYTES = 4 + 8
"""One channel of a quantization table: a float32 scale and an int64 zero point."""

FILE_BYTES = 1_500
TENSOR_BYTES = 150
OPERATOR_BYTES = 60
"""Structure of the file: once, for each tensor (weights included) and for each operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """Flash by what fills it, in bytes; the parts of the `.tflite` file and the runtime's code."""

    weights_bytes: int
    biases_bytes: int
    quantization_bytes: int
    structure_bytes: int
    runtime_bytes: int

    @property
    def file_bytes(self) -> int:
        """The `.tflite` file."""
        return self.weights_bytes + self.biases_bytes + self.quantization_bytes + self.structure_bytes

    @property
    def total_bytes(self) -> int:
        """All that must fit the board's flash, but for the user's own program."""
        return self.file_bytes + self.runtime_bytes


def flash(graph: Graph, parameters: list[Parameters]) -> Flash:
    """Flash of a fused graph whose nodes have these `parameters`, in the same order."""
    constants = sum((part.weights > 0) + (part.biases > 0) for part in parameters)
    tensors = 1 + len(graph.nodes) + constants
    scales = sum(part.scales * (1 + (part.biases > 0)) for part in parameters)
    return Flash(
        weights_bytes=WEIGHT_BYTES * sum(part.weights for part in parameters),
        biases_bytes=BIAS_BYTES * sum(part.biases for part in parameters),
        quantization_bytes=SCALE_BYTES * scales,
        structure_bytes=FILE_BYTES + TENSOR_BYTES * tensors + OPERATOR_BYTES * len(graph.nodes),
        runtime_bytes=RUNTIME_BYTES,
    )
