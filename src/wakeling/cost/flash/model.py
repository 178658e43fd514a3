"""What a model takes in flash: weights, biases, quantization tables and the graph's structure.

Weights, biases and tables are exact. The rest of a `.tflite` file is modelled from the files that
`wakeling.export` writes. The code that runs it all is in `code.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from wakeling.cost.parameters import BIAS_BYTES, Parameters
from wakeling.graph import Graph
from wakeling.ops import ELEMENT_BYTES

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

REQUANTIZATION_BYTES = 8
"""In C: a 32-bit multiplier and a 32-bit shift for each output channel of a weighted operator."""

CALL_BYTES = 64
"""In C, for each operator: a call with its arguments, about sixteen 32-bit instructions or words."""


class Model(NamedTuple):
    """Bytes of weights, biases, quantization tables and structure."""

    weights_bytes: int
    biases_bytes: int
    quantization_bytes: int
    structure_bytes: int


def tflite_file(graph: Graph, parameters: Sequence[Parameters], file_bytes: int | None = None) -> Model:
    """A `.tflite` file of a fused graph whose nodes have these `parameters`, in the same order.

    With `file_bytes`, the size of a file that exists, the sum is exactly that; its structure is what
    the other parts leave (a file that stores equal buffers once can hold less than all weights).
    """
    weights, biases, channels, operators, lengths = _weighted(graph, parameters)
    tables = 2 * SCALE_BYTES * channels + ZERO_POINT_BYTES * sum(lengths)
    if file_bytes is None:
        structure = FILE_BYTES + OPERATOR_BYTES * len(graph.nodes) + WEIGHTED_OPERATOR_BYTES * operators
        return Model(weights, biases, tables, structure)
    kept_weights = min(weights, file_bytes)
    kept_biases = min(biases, file_bytes - kept_weights)
    kept_tables = min(tables, file_bytes - kept_weights - kept_biases)
    structure = file_bytes - kept_weights - kept_biases - kept_tables
    return Model(kept_weights, kept_biases, kept_tables, structure)


def c_tables(graph: Graph, parameters: Sequence[Parameters]) -> Model:
    """The tables and calls of an int8 network in C: no names, no shapes, no scales of activations."""
    weights, biases, _, _, _ = _weighted(graph, parameters)
    channels = sum(
        [
            node.shape[-1]
            for node, part in zip(graph.nodes, parameters, strict=True)
            if part.biases or part.scales
        ]
    )
    return Model(weights, biases, REQUANTIZATION_BYTES * channels, CALL_BYTES * len(graph.nodes))


def _weighted(graph: Graph, parameters: Sequence[Parameters]) -> tuple[int, int, int, int, set[int]]:
    """Bytes of weights and biases; quantized channels; weighted operators; lengths of their tables.

    Floating-point weights have no quantization tables.
    """
    types = graph.types
    weights = biases = channels = operators = 0
    lengths: set[int] = set()
    for node, part in zip(graph.nodes, parameters, strict=True):
        if not part.weights:
            continue
        kind = types[node.inputs[0]]
        weights += ELEMENT_BYTES[kind] * part.weights
        biases += BIAS_BYTES * part.biases
        operators += 1
        if kind != "float32" and part.scales:
            channels += part.scales
            lengths.add(part.scales)
    return weights, biases, channels, operators, lengths
