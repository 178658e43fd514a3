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

SCALE_BYTES = 4
"""A float32 scale: one for each channel of a weight, and again for each of its bias."""

ZERO_POINT_BYTES = 8
"""An int64 zero point. All are zero, so tables of one length are written once."""

FILE_BYTES = 1_412
OPERATOR_BYTES = 72
WEIGHTED_OPERATOR_BYTES = 261
"""Structure of the file: once; for each operator and its output tensor; for weights and bias.

Fitted by least squares to 72 files that `wakeling.export` wrote (both families, α 0.05 to 1, depth
0.5 to 1.5, 15 KB to 5.4 MB): the model was off by at most 0.9 % of a file.
"""


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
    weighted = [part for part in parameters if part.scales]
    scales = sum(2 * part.scales for part in weighted)
    zero_points = sum({part.scales for part in weighted})
    return Flash(
        weights_bytes=WEIGHT_BYTES * sum(part.weights for part in parameters),
        biases_bytes=BIAS_BYTES * sum(part.biases for part in parameters),
        quantization_bytes=SCALE_BYTES * scales + ZERO_POINT_BYTES * zero_points,
        structure_bytes=FILE_BYTES
        + OPERATOR_BYTES * len(graph.nodes)
        + WEIGHTED_OPERATOR_BYTES * len(weighted),
        runtime_bytes=RUNTIME_BYTES,
    )
