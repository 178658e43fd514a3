"""The golden kernels: one function an operator, found through the table `KERNELS`.

Each computes what TensorFlow Lite Micro's reference kernel computes, integer for integer; running
them over a graph is in `quantize.golden`, where LiteRT differs in `quantize.litert_kernels`.
"""

from __future__ import annotations

from types import MappingProxyType

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
    Pad,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)
from wakeling.quantize.kernels import averages, conversions, elementwise, moves, pointwise, sums
from wakeling.quantize.kernels.kernel import Kernel, KernelTable, Values

__all__ = ["KERNELS", "Kernel", "KernelTable", "Values"]

KERNELS: KernelTable = MappingProxyType(
    {
        Conv2D: sums.conv2d,
        DepthwiseConv2D: sums.depthwise_conv2d,
        Dense: sums.dense,
        Add: elementwise.add,
        Sub: elementwise.sub,
        Mul: elementwise.mul,
        AveragePool2D: averages.average_pool2d,
        MaxPool2D: averages.max_pool2d,
        Mean: averages.mean,
        Concat: moves.concat,
        Pad: moves.pad,
        Reshape: moves.reshape,
        Transpose: moves.transpose,
        StridedSlice: moves.strided_slice,
        Activation: pointwise.activation_kernel(pointwise.POINTWISE),
        Softmax: pointwise.softmax,
        Quantize: conversions.quantize,
        Dequantize: conversions.dequantize,
    }
)
"""Every operator of a fused graph; batch norm is missing because fusing removes it."""
