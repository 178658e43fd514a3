"""How each operator of a fused graph is written in a .tflite file: one entry an operator class.

Its builtin, the rule for its version (`export.versions`), its options and its constant inputs
(`export.options`). Putting a file together is in `export.contents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.errors import UnsupportedOpError
from wakeling.export import options, versions
from wakeling.export.options import Constants, Options, no_constants
from wakeling.export.versions import VersionRule, by_type
from wakeling.ops import (
    Activation,
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
    Operator,
    Pad,
    PointwiseKind,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    operator_name,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorEntry:
    """One operator in the file.

    `options` gives the name in BuiltinOptions and the table (None: there is none); `constants`
    the inputs behind the node's own, by tensor name; `version` its version for the types around it.
    """

    builtin: str
    version: VersionRule
    options: Options | None = None
    constants: Constants = no_constants


OPERATOR_ENTRIES: Mapping[type[Operator], OperatorEntry] = MappingProxyType(
    {
        Conv2D: OperatorEntry(builtin="CONV_2D", version=versions.conv2d, options=options.conv2d),
        DepthwiseConv2D: OperatorEntry(
            builtin="DEPTHWISE_CONV_2D", version=versions.depthwise_conv2d, options=options.depthwise_conv2d
        ),
        Dense: OperatorEntry(
            builtin="FULLY_CONNECTED",
            version=by_type(int8=4),
            options=options.activated("FullyConnectedOptions"),
        ),
        Add: OperatorEntry(builtin="ADD", version=by_type(int8=2), options=options.activated("AddOptions")),
        Sub: OperatorEntry(builtin="SUB", version=versions.sub, options=options.activated("SubOptions")),
        Mul: OperatorEntry(builtin="MUL", version=versions.mul, options=options.activated("MulOptions")),
        Concat: OperatorEntry(builtin="CONCATENATION", version=by_type(int8=2), options=options.concat),
        AveragePool2D: OperatorEntry(
            builtin="AVERAGE_POOL_2D", version=by_type(int8=2), options=options.pool2d
        ),
        MaxPool2D: OperatorEntry(builtin="MAX_POOL_2D", version=by_type(int8=2), options=options.pool2d),
        Mean: OperatorEntry(
            builtin="MEAN", version=by_type(int8=2), options=options.mean, constants=options.mean_axes
        ),
        Pad: OperatorEntry(
            builtin="PAD",
            version=by_type(int8=2),
            options=options.plain("PadOptions"),
            constants=options.paddings,
        ),
        Reshape: OperatorEntry(builtin="RESHAPE", version=versions.always(1), options=options.reshape),
        Transpose: OperatorEntry(
            builtin="TRANSPOSE",
            version=versions.transpose,
            options=options.plain("TransposeOptions"),
            constants=options.order,
        ),
        StridedSlice: OperatorEntry(
            builtin="STRIDED_SLICE",
            version=versions.strided_slice,
            options=options.plain("StridedSliceOptions"),
            constants=options.bounds,
        ),
        Softmax: OperatorEntry(builtin="SOFTMAX", version=by_type(int8=2), options=options.softmax),
        Quantize: OperatorEntry(
            builtin="QUANTIZE", version=versions.always(1), options=options.plain("QuantizeOptions")
        ),
        Dequantize: OperatorEntry(
            builtin="DEQUANTIZE", version=by_type(int8=2), options=options.plain("DequantizeOptions")
        ),
    }
)
"""Every operator of a fused graph but the activation that stands alone, by its class."""

ACTIVATION_ENTRIES: Mapping[PointwiseKind, OperatorEntry] = MappingProxyType(
    {
        "linear": OPERATOR_ENTRIES[Reshape],  # TFLite has no identity; this copies
        "relu": OperatorEntry(builtin="RELU", version=by_type(int8=2)),
        "relu6": OperatorEntry(builtin="RELU6", version=by_type(int8=2)),
        "hard_swish": OperatorEntry(
            builtin="HARD_SWISH", version=versions.always(1), options=options.plain("HardSwishOptions")
        ),
        "sigmoid": OperatorEntry(builtin="LOGISTIC", version=by_type(int8=2)),
        "tanh": OperatorEntry(builtin="TANH", version=by_type(int8=2)),
    }
)
"""An activation that is not fused is an operator of its own, one for each kind.

TFLite has no hard_sigmoid and no swish; its converter writes them as several operators.
"""


def operator_entry(op: Operator) -> OperatorEntry:
    """How an operator is written; raises UnsupportedOpError where no table has it."""
    if isinstance(op, Activation):
        entry, name = ACTIVATION_ENTRIES.get(op.kind), f"activation {op.kind}"
    else:
        entry, name = OPERATOR_ENTRIES.get(type(op)), operator_name(op)
    if entry is None:
        raise UnsupportedOpError(name, "tflite export")
    return entry
