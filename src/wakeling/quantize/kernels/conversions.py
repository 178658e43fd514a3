"""Between float32, uint8 and int8, and between two scales of int8."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import DataError
from wakeling.graph import Node
from wakeling.ops import ElementType, Quantize
from wakeling.quantize import arithmetic
from wakeling.quantize.kernels.kernel import Values
from wakeling.quantize.model import QuantizedModel
from wakeling.quantize.tensors import LIMITS


def quantize(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """Reals divided by the scale, halves away from zero; integers by a 31-bit multiplier.

    A real beyond 2^31 steps saturates here; C leaves open what its conversion to int32 makes of it.
    """
    op = node.op
    assert isinstance(op, Quantize)
    source, output = model.tensors.get(node.inputs[0]), model.tensors[node.name]
    if source is None:
        if np.isnan(inputs[0]).any():
            raise DataError(f"{node.name!r} is given a NaN, which no integer stands for")
        with np.errstate(over="ignore"):
            ratio = (inputs[0] / np.float32(output.scale)).astype(np.float64)
        steps = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + output.zero_point
        return _stored(steps, op.to)
    factor = arithmetic.fixed_multiplier(source.scale / output.scale)
    centered = inputs[0].astype(np.int64) - source.zero_point
    scaled = arithmetic.multiply_by_quantized_multiplier(centered, factor) + output.zero_point
    return _stored(scaled, op.to)


def _stored(steps: npt.NDArray[Any], element: ElementType) -> Values:
    """Whole numbers clamped to a type. Any: int64, or float64 beyond it."""
    stored: Values = np.clip(steps, *LIMITS[element]).astype(np.dtype(element))
    return stored


def dequantize(model: QuantizedModel, node: Node, inputs: tuple[Values, ...]) -> Values:
    """scale · (q − zero point), rounded to float32 once."""
    quant = model.tensors[node.inputs[0]]
    return (quant.scale * (inputs[0].astype(np.float64) - quant.zero_point)).astype(np.float32)
