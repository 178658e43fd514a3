"""What a model takes in flash: weights, biases, quantization tables and the graph's structure.

Weights, biases and tables are exact. The rest of a `.tflite` file is modelled from the files that
`wakeling.export` writes. The code that runs it all is in `code.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from wakeling.cost.parameters import BIAS_BYTES, Parameters
from wakeling.graph import Graph
from wakeling.ops import ELEMENT_BYTES, Activation, Add, Mul, Operator, Quantize, Shape, Sub, constant_of

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

REQUANTIZATION_BYTES = 5
"""In C: a 32-bit multiplier and an 8-bit shift for each output channel of a weighted operator."""

CALL_BYTES = 100
"""In C, for each operator: its structure (about 60 bytes), where its windows go (28), and its call."""

FUNCTION_BYTES = 256
"""In C, any function of one byte: a table. Activations that stand alone, conversions of integers, and sums
and products with a constant: a single number, or one for each of at most `FEW_CHANNELS`."""

FEW_CHANNELS = 4


class Model(NamedTuple):
    """Bytes of weights, biases, quantization tables and structure."""

    weights_bytes: int
    biases_bytes: int
    quantization_bytes: int
    structure_bytes: int


class Tables(NamedTuple):
    """What the operators keep: bytes of weights and biases, and how many and how long the tables are.

    `operators` have weights; their `quantized_channels` have a scale each (floating-point weights have
    none), in tables of these `lengths`; `requantized_channels` are those that C multiplies and shifts,
    `functions` how many tables of `FUNCTION_BYTES` it has.
    """

    weights: int
    biases: int
    operators: int
    quantized_channels: int
    requantized_channels: int
    functions: int
    lengths: set[int]
    has_float_weights: bool


def tables_of(graph: Graph, parameters: Sequence[Parameters]) -> Tables:
    """The tables of a fused graph whose nodes have these `parameters`, in the same order."""
    types = graph.types
    weights = biases = operators = quantized = requantized = functions = 0
    lengths: set[int] = set()
    has_float_weights = False
    for (_, op, inputs, shape), (own_weights, own_biases, scales, _) in zip(
        graph.nodes, parameters, strict=True
    ):
        if own_biases or scales:
            requantized += shape[-1]
        elif type(op) in _BYTE_FUNCTIONS and types[inputs[0]] != "float32":
            functions += _functions(op, shape)
        if not own_weights:
            continue
        kind = types[inputs[0]]
        weights += ELEMENT_BYTES[kind] * own_weights
        biases += BIAS_BYTES * own_biases
        operators += 1
        if kind == "float32":
            has_float_weights = True
        elif scales:
            quantized += scales
            lengths.add(scales)
    return Tables(weights, biases, operators, quantized, requantized, functions, lengths, has_float_weights)


_BYTE_FUNCTIONS = frozenset((Activation, Quantize, Add, Sub, Mul))


def _functions(op: Operator, shape: Shape) -> int:
    """How many tables of a byte's function the C has for an operator."""
    if isinstance(op, Activation | Quantize):
        return 1
    constant = constant_of(op)
    if constant is None:
        return 0
    values = math.prod(constant)
    if values == 1:
        return 1
    return values if values == shape[-1] <= FEW_CHANNELS and constant[-1] == values else 0


def tflite_file(tables: Tables, operators: int, file_bytes: int | None = None) -> Model:
    """A `.tflite` file of so many operators with these tables.

    With `file_bytes`, the size of a file that exists, the sum is exactly that; its structure is what
    the other parts leave (a file that stores equal buffers once can hold less than all weights).
    """
    weights, biases = tables.weights, tables.biases
    quantization = 2 * SCALE_BYTES * tables.quantized_channels + ZERO_POINT_BYTES * sum(tables.lengths)
    if file_bytes is None:
        structure = FILE_BYTES + OPERATOR_BYTES * operators + WEIGHTED_OPERATOR_BYTES * tables.operators
        return Model(weights, biases, quantization, structure)
    kept_weights = min(weights, file_bytes)
    kept_biases = min(biases, file_bytes - kept_weights)
    kept_tables = min(quantization, file_bytes - kept_weights - kept_biases)
    structure = file_bytes - kept_weights - kept_biases - kept_tables
    return Model(kept_weights, kept_biases, kept_tables, structure)


def c_tables(tables: Tables, operators: int) -> Model:
    """The tables and calls of an int8 network in C: no names, no shapes, no scales of activations."""
    requantization = REQUANTIZATION_BYTES * tables.requantized_channels
    structure = CALL_BYTES * operators + FUNCTION_BYTES * tables.functions
    return Model(tables.weights, tables.biases, requantization, structure)
