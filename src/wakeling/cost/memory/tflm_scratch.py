"""Scratch buffers that TFLM's kernels ask for, by operator: reference kernels and CMSIS-NN's.

Each is planned in the arena's head beside the tensors and lives while its operator runs. The
formulas are those of CMSIS-NN's `arm_*_get_buffer_size` functions for int8 (version 7) and of
TFLM's `reduce_common.cc`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from wakeling.cost.memory.tflm_structures import Kernels
from wakeling.ops import (
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Mean,
    Operator,
    Shape,
)

_MVE_CHANNELS = 124
"""Channels that CMSIS-NN's depthwise kernel for Helium takes at once."""

Scratch = Callable[[Any, Shape, Shape], tuple[int, ...]]  # Any: each formula takes its own operator class


def _mean(op: Mean, source: Shape, target: Shape) -> tuple[int, ...]:
    """Sums of 32 bits, and two lists of axes (the batch axis counts)."""
    return 4 * math.prod(target), 4 * (len(source) + 1), 4 * len(op.axes)


def _is_pointwise(op: Conv2D) -> bool:
    """1×1 without padding: no window has to be gathered."""
    return op.kernel == (1, 1) and op.dilation == (1, 1)


def _conv2d(op: Conv2D, source: Shape, target: Shape) -> tuple[int, ...]:
    """Two windows of the input as int16, each filled up to four values (`arm_convolve_s8`)."""
    if _is_pointwise(op):
        return ()
    values = op.kernel[0] * op.kernel[1] * source[2]
    return (4 * (values + -values % 4),)


def _conv2d_mve(op: Conv2D, source: Shape, target: Shape) -> tuple[int, ...]:
    """Four windows as int8, each filled up to 16 values."""
    if _is_pointwise(op):
        return ()
    values = op.kernel[0] * op.kernel[1] * source[2]
    return (4 * (values + -values % 16),)


def _is_plain_depthwise(op: DepthwiseConv2D) -> bool:
    return op.multiplier == 1 and op.dilation == (1, 1)


def _depthwise(op: DepthwiseConv2D, source: Shape, target: Shape) -> tuple[int, ...]:
    """None for 3×3 (TFLite pads it by one pixel at most); otherwise the window of all channels as int16."""
    if op.kernel == (3, 3) or not _is_plain_depthwise(op):
        return ()
    return (2 * source[2] * op.kernel[0] * op.kernel[1],)


def _depthwise_mve(op: DepthwiseConv2D, source: Shape, target: Shape) -> tuple[int, ...]:
    """Four windows of one block of channels."""
    if not _is_plain_depthwise(op):
        return ()
    return (4 * _MVE_CHANNELS * op.kernel[0] * op.kernel[1],)


def _average_pool(op: AveragePool2D, source: Shape, target: Shape) -> tuple[int, ...]:
    """One sum of 32 bits a channel."""
    return (4 * source[2],)


def _dense_mve(op: Dense, source: Shape, target: Shape) -> tuple[int, ...]:
    """The sum of each unit's weights, of 32 bits."""
    return (4 * op.units,)


SCRATCH: Mapping[Kernels, Mapping[type[Operator], Scratch]] = MappingProxyType(
    {
        "reference": MappingProxyType({Mean: _mean}),
        "cmsis-nn": MappingProxyType(
            {Mean: _mean, Conv2D: _conv2d, DepthwiseConv2D: _depthwise, AveragePool2D: _average_pool}
        ),
        "cmsis-nn-mve": MappingProxyType(
            {Mean: _mean, Conv2D: _conv2d_mve, DepthwiseConv2D: _depthwise_mve, Dense: _dense_mve}
        ),
    }
)
"""Bytes of each scratch buffer, by kernels and operator class; a class that is missing asks for none.

`cmsis-nn` is for cores with the DSP extension (Cortex-M4, M7, M33), `cmsis-nn-mve` for those with
Helium (Cortex-M55, M85). CMSIS-NN has kernels for int8; other types run the reference kernels.
"""
