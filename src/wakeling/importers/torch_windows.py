"""torch's convolutions and pools as ours: TFLite's name for the margins, or zeros first.

Used by the table in `torch_operators`, whose conventions hold here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from wakeling.importers.torch_layout import layout_of
from wakeling.importers.torch_writer import Arguments, NotExpressibleError, Value, Writer
from wakeling.ops import (
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Padding,
    Pair,
    Shape,
    StridedSlice,
    named_padding,
    window_extent,
)

Margins = tuple[Pair, Pair]
"""(before, after) of the rows and of the columns."""


def _pair(value: int | Sequence[int]) -> Pair:
    """torch writes one number for two equal ones."""
    values = [value] if isinstance(value, int) else list(value)
    return int(values[0]), int(values[-1])


def _windows(value: Value, window: Pair, stride: Pair, margins: Margins) -> Pair:
    """Positions of the window along rows and columns."""
    sizes = value.layout.torch_shape[1:]
    rows, columns = (
        (size + sum(around) - extent) // step + 1
        for size, around, extent, step in zip(sizes, margins, window, stride, strict=True)
    )
    return rows, columns


def _padded(
    writer: Writer, value: Value, window: Pair, stride: Pair, margins: Margins
) -> tuple[Value, Padding]:
    """The image that a window of TFLite's padding reads to have these margins."""
    channels, height, width = value.layout.torch_shape
    padding = named_padding((height, width), window, stride, *margins)
    if padding is not None:
        return value, padding
    op = Pad(rows=margins[0], columns=margins[1])
    shape = (channels, height + sum(op.rows), width + sum(op.columns))
    padded = writer.emit(op, value, layout=layout_of(shape), suffix=".pad", non_negative=value.non_negative)
    return padded, "valid"


def convolution(writer: Writer, given: Arguments) -> Value:
    """Standard, grouped and depthwise convolutions of images."""
    if given.get("transposed"):
        raise NotExpressibleError("transposed")
    if not isinstance(given["weight"], torch.Tensor):
        raise NotExpressibleError("with computed weights")
    weight = given["weight"].detach().to(torch.float32).cpu().numpy()
    bias = given.get("bias")
    value = writer.image(given["input"])
    channels = value.layout.torch_shape[0]
    filters, kernel, groups = weight.shape[0], _pair(weight.shape[2:]), given.get("groups", 1)
    stride, dilation = _pair(given.get("stride", 1)), _pair(given.get("dilation", 1))
    window = (window_extent(kernel[0], dilation[0]), window_extent(kernel[1], dilation[1]))
    margins = _margins(given.get("padding", 0), window)
    rows, columns = _windows(value, window, stride, margins)
    value, padding = _padded(writer, value, window, stride, margins)
    shared: dict[str, Any] = {  # Any: the attributes that both operators have
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "use_bias": bias is not None,
        "dilation": dilation,
    }
    if groups == channels > 1:
        op: Operator = DepthwiseConv2D(multiplier=filters // channels, **shared)
        array = weight.transpose(1, 2, 3, 0)
    else:
        op = Conv2D(filters=filters, groups=groups, **shared)
        array = weight.transpose(0, 2, 3, 1)
    arrays = {"weight": array} | ({} if bias is None else {"bias": bias.detach().cpu().numpy()})
    return writer.emit(op, value, layout=layout_of((filters, rows, columns)), arrays=arrays)


def _margins(padding: str | int | Sequence[int], window: Pair) -> Margins:
    """torch's `padding`; its `same` (stride 1 only) puts the odd zero after."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        rows, columns = (((extent - 1) // 2, extent // 2) for extent in window)
        return rows, columns
    assert not isinstance(padding, str)
    top, left = _pair(padding)
    return (top, top), (left, left)


def _pool_margins(value: Value, given: Arguments, pool: Pair, stride: Pair) -> Margins:
    """The margins of a pool; in ceil mode a last window may stick out, if it starts inside."""
    margins = []
    for size, around, extent, step in zip(
        value.layout.torch_shape[1:], _pair(given.get("padding", 0)), pool, stride, strict=True
    ):
        after = around
        if given.get("ceil_mode"):
            count = -(-(size + 2 * around - extent) // step) + 1
            count -= (count - 1) * step >= size + around
            after = max(around, (count - 1) * step + extent - size - around)
        margins.append((around, after))
    return margins[0], margins[1]


def _pool_shape(value: Value, pool: Pair, stride: Pair, margins: Margins) -> Shape:
    return (value.layout.torch_shape[0], *_windows(value, pool, stride, margins))


def max_pool(writer: Writer, given: Arguments) -> Value:
    """Zeros as margins are exact where nothing is negative; elsewhere every position is pooled, some kept."""
    if _pair(given.get("dilation", 1)) != (1, 1):
        raise NotExpressibleError("with dilation")
    value = writer.image(given["self"])
    pool = _pair(given["kernel_size"])
    stride = _pair(given["stride"]) if given.get("stride") else pool
    margins = _pool_margins(value, given, pool, stride)
    shape = _pool_shape(value, pool, stride, margins)
    height, width = value.layout.torch_shape[1:]
    named = named_padding((height, width), pool, stride, *margins)
    if named is None and not value.non_negative:
        return _sparse_max_pool(writer, value, pool, stride, margins, shape)
    value, padding = _padded(writer, value, pool, stride, margins)
    op = MaxPool2D(pool=pool, stride=stride, padding=padding)
    return writer.emit(op, value, layout=layout_of(shape), non_negative=value.non_negative)


def _sparse_max_pool(
    writer: Writer, value: Value, pool: Pair, stride: Pair, margins: Margins, shape: Shape
) -> Value:
    """SAME pooling at stride 1, where the margins never win, and every stride-th of its outputs."""
    channels, height, width = value.layout.torch_shape
    if any(
        before != (extent - 1) // 2 or extent % 2 == 0
        for (before, _), extent in zip(margins, pool, strict=True)
    ):
        raise NotExpressibleError("with margins around values that may be negative")
    dense = writer.emit(MaxPool2D(pool=pool, padding="same"), value, layout=value.layout, suffix=".every")
    op = StridedSlice(begin=(0, 0, 0), end=(height, width, channels), strides=(*stride, 1))
    return writer.emit(op, dense, layout=layout_of(shape))


def average_pool(writer: Writer, given: Arguments) -> Value:
    """Margins that count are zeros first; those that do not must have TFLite's name."""
    value = writer.image(given["self"])
    pool = _pair(given["kernel_size"])
    stride = _pair(given["stride"]) if given.get("stride") else pool
    margins = _pool_margins(value, given, pool, stride)
    shape = _pool_shape(value, pool, stride, margins)
    height, width = value.layout.torch_shape[1:]
    if given.get("divisor_override") not in (None, pool[0] * pool[1]):
        raise NotExpressibleError("with another divisor")
    around = _pair(given.get("padding", 0))
    counts_margin = given.get("count_include_pad", True) and around != (0, 0)
    named = named_padding((height, width), pool, stride, *margins)
    if counts_margin and named != "valid":
        if margins != ((around[0],) * 2, (around[1],) * 2):
            raise NotExpressibleError("in ceil mode with margins that count")
        op: Operator = Pad(rows=margins[0], columns=margins[1])
        padded = (shape[0], height + 2 * around[0], width + 2 * around[1])
        value = writer.emit(
            op, value, layout=layout_of(padded), suffix=".pad", non_negative=value.non_negative
        )
        named = "valid"
    if named is None:
        raise NotExpressibleError("with margins that do not count")
    op = AveragePool2D(pool=pool, stride=stride, padding=named)
    return writer.emit(op, value, layout=layout_of(shape), non_negative=value.non_negative)


def _adaptive(writer: Writer, given: Arguments) -> tuple[Value, Pair, Shape]:
    """The image, its window, and the output's shape; the image's sides must be multiples of the output's."""
    value = writer.image(given["self"])
    channels, height, width = value.layout.torch_shape
    rows, columns = _pair(given["output_size"])
    if height % rows or width % columns:
        raise NotExpressibleError(f"from {height}×{width} to {rows}×{columns}, whose windows differ in size")
    return value, (height // rows, width // columns), (channels, rows, columns)


def adaptive_average_pool(writer: Writer, given: Arguments) -> Value:
    """A plain pool where the output's sides divide the image's; nothing where they are the same."""
    value, pool, shape = _adaptive(writer, given)
    if pool == (1, 1):
        return value
    op = AveragePool2D(pool=pool, stride=(1, 1) if shape[1:] == (1, 1) else pool)
    return writer.emit(op, value, layout=layout_of(shape), non_negative=value.non_negative)


def adaptive_max_pool(writer: Writer, given: Arguments) -> tuple[Value]:
    """As the average; the second output, the indices of the largest values, is not made."""
    value, pool, shape = _adaptive(writer, given)
    if pool == (1, 1):
        return (value,)
    op = MaxPool2D(pool=pool, stride=(1, 1) if shape[1:] == (1, 1) else pool)
    return (writer.emit(op, value, layout=layout_of(shape), non_negative=value.non_negative),)
