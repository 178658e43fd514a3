"""How much code the operators of a network bring, by runtime.

Of our own C every kernel is measured. Of TensorFlow Lite Micro the totals are; how they divide among
operators is modelled, because every measured image held the same six. Nothing here looks at weights.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from wakeling.errors import UnsupportedOpError
from wakeling.graph import Graph
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)

MEASURED = ("conv2d", "depthwise_conv2d", "dense", "average_pool2d", "reshape", "softmax")
"""The operators that the measured images held (MobileNetV1's, deployed)."""

COMPILED_BYTES: Mapping[str, int] = MappingProxyType(
    {
        "conv2d": 10_286,
        "depthwise_conv2d": 8_118,
        "dense": 7_991,
        "average_pool2d": 4_714,
        "max_pool2d": 4_495,
        "softmax": 6_473,
        "reshape": 1_771,
        "add": 15_900,
        "sub": 18_895,
        "mul": 12_968,
        "concat": 1_641,
        "mean": 6_135,
        "pad": 8_289,
        "transpose": 4_856,
        "strided_slice": 19_688,
        "quantize": 2_960,
        "dequantize": 1_281,
        "linear": 0,
        "relu": 1_500,
        "relu6": 1_100,
        "hard_swish": 1_625,
        "hard_sigmoid": 3_800,
        "sigmoid": 2_132,
        "swish": 3_800,
        "tanh": 3_000,
    }
)
"""Relative sizes: code of TFLM's reference kernels on another processor (x86-64), by operator.

Sums of the sizes of each kernel's functions in the symbol table of the `tflite-micro` wheel
0.dev20261023 (all element types included, as on a microcontroller). Only their ratios are used. An
activation goes by its kind; those that TFLM has no kernel for (hard sigmoid, swish) are counted as
a table's.
"""

CORE_BYTES = 16 * 1024
"""TFLM without operators: its documentation states 16 KB for the core runtime on a Cortex-M3."""

REFERENCE_BYTES = 403_288 - 333_288 - 27_648
"""Measured: an image for a Cortex-M4 with reference kernels less its model and its test picture.

42,352 bytes; the image of the other measured network (352,136 bytes) leaves exactly the same.
"""

CMSIS_NN_BYTES = 446_048 - 333_288 - 27_648
"""Measured likewise, with CMSIS-NN: 85,112 bytes (83,400 for a Cortex-M7, 73,560 for a Cortex-M55)."""

_ACCELERATED = ("conv2d", "depthwise_conv2d", "dense", "average_pool2d", "softmax")
"""Measured operators that have CMSIS-NN kernels."""

_ELEMENTWISE_KERNEL_BYTES = 1_000
"""A CMSIS-NN kernel of one loop, where an operator outside the measured ones has one (a guess)."""

_KINDS = ("linear", "relu", "relu6", "hard_swish", "hard_sigmoid", "sigmoid", "swish", "tanh")
"""Activations that stand alone."""

_TABLE_BYTES = 140
"""Any function of one byte: a loop over a table."""

OWN_BYTES: Mapping[str, int] = MappingProxyType(
    {
        "conv2d": 5_970,
        "depthwise_conv2d": 3_438,
        "dense": 898,
        "average_pool2d": 1_764,
        "max_pool2d": 1_754,
        "softmax": 1_122,
        "reshape": 0,
        "add": 490,
        "sub": 490,
        "mul": 560,
        "concat": 214,
        "mean": 960,
        "pad": 196,
        "transpose": 446,
        "strided_slice": 446,
        "quantize": _TABLE_BYTES,
        "dequantize": 348,
        **dict.fromkeys(_KINDS, _TABLE_BYTES),
    }
)
"""Measured: code and constants of the kernels of our own C for a Cortex-M4, by operator.

zig 0.17.1, -O2; `bench/c_kernel_sizes.py`, the kernels that most networks get. Operators that share a
kernel (sums and differences, activations) are counted each.
"""

OWN_CORE_BYTES = 1_200
"""Fitted to the images of published models: what a program holds beside tables, kernels and layers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTable:
    """A runtime's code: what it takes without operators, and what each operator adds, in bytes."""

    core_bytes: int
    operator_bytes: Mapping[str, int] = field(default_factory=dict)


def _tables() -> dict[str, CodeTable]:
    measured = sum(COMPILED_BYTES[name] for name in MEASURED)
    reference = (REFERENCE_BYTES - CORE_BYTES) / measured
    accelerated = (CMSIS_NN_BYTES - REFERENCE_BYTES) / sum(COMPILED_BYTES[name] for name in _ACCELERATED)
    plain = {name: reference * size for name, size in COMPILED_BYTES.items()}
    fast = {
        name: size
        + accelerated * COMPILED_BYTES[name] * (name in _ACCELERATED)
        + _ELEMENTWISE_KERNEL_BYTES * (name in ("add", "mul", "max_pool2d", "pad", "transpose"))
        for name, size in plain.items()
    }
    return {
        "tflm": CodeTable(core_bytes=CORE_BYTES, operator_bytes=_rounded(fast)),
        "tflm-reference": CodeTable(core_bytes=CORE_BYTES, operator_bytes=_rounded(plain)),
        "wakeling-c": CodeTable(core_bytes=OWN_CORE_BYTES, operator_bytes=OWN_BYTES),
    }


def _rounded(sizes: Mapping[str, float]) -> Mapping[str, int]:
    return MappingProxyType({name: round(size) for name, size in sizes.items()})


CODE: Mapping[str, CodeTable] = MappingProxyType(_tables())
"""Code by runtime: TFLM with CMSIS-NN, TFLM with reference kernels, our own C."""

_PLAIN = frozenset(
    {
        Add,
        AveragePool2D,
        Concat,
        Conv2D,
        Dense,
        DepthwiseConv2D,
        Dequantize,
        MaxPool2D,
        Mean,
        Mul,
        Pad,
        Quantize,
        Reshape,
        Softmax,
        StridedSlice,
        Sub,
        Transpose,
    }
)


def kernels(graph: Graph) -> frozenset[str]:
    """The kernels that a fused graph needs, by name; an activation that stands alone by its kind."""
    names: set[str] = set()
    for kind in dict.fromkeys([type(node.op) for node in graph.nodes]):
        if kind is Activation:
            names.update([node.op.kind for node in graph.nodes if isinstance(node.op, Activation)])
        elif kind is BatchNorm:  # a factor and an offset for each channel
            names.update(("mul", "add"))
        elif kind in _PLAIN:
            names.add(operator_name(kind))
        else:
            raise UnsupportedOpError(operator_name(kind), "code size")
    return frozenset(names)


@functools.lru_cache(maxsize=256)
def code_bytes(runtime: str, names: frozenset[str]) -> int:
    """Bytes of a runtime of `CODE` with these kernels."""
    table = CODE[runtime]
    return table.core_bytes + sum(table.operator_bytes[name] for name in names)
