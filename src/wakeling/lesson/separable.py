"""A standard convolution against its depthwise and pointwise halves (Howard et al. 2017, section 3.1).

The counts are those of `wakeling.cost`; the rule 1/N + 1/K² stands beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.cost import LayerCost, cost
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.lesson.convolution import MAX_SIDE, check_map
from wakeling.ops import Conv2D, DepthwiseConv2D, Operator, Padding, Shape
from wakeling.spec.checks import MAX_CHANNELS, whole

SIDE = 56
"""Default rows and columns of the map; a larger kernel gets a map of its own size."""

KERNELS = (3, 5, 7, 16, 64, 512)
FILTERS = (8, 16, 32, 64, 100, 128, 256, 512, 1024)
"""The kernels and the numbers of filters of the table of savings; the user's own are added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one convolution, or a few of them together, needs; bytes are those of int8 weights."""

    name: str
    multiplications: int
    additions: int
    parameters: int
    weight_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingRow:
    """How many times fewer multiplications at one kernel, for each number of filters."""

    kernel: int
    savings: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparableLesson:
    """The three convolutions, and how many times cheaper the two halves are than the whole.

    `ratio` is separable over standard multiplications, from exact counts; `rule` is 1/N + 1/K². The
    saving cannot pass `limit_many_filters` (K², for many filters) nor `limit_large_kernel` (N).
    `additions_saving` is None where the halves add nothing up (a 1×1 window on one channel).
    `between_bytes` is the int8 map between the two halves, which the standard convolution has not.
    """

    input_shape: Shape
    output_shape: Shape
    filters: int
    kernel: int
    stride: int
    padding: Padding
    standard: Work
    depthwise: Work
    pointwise: Work
    separable: Work
    between_shape: Shape
    between_bytes: int
    ratio: float
    rule: float
    saving: float
    additions_saving: float | None
    parameters_saving: float
    depthwise_share: float
    limit_many_filters: int
    limit_large_kernel: int
    table_filters: tuple[int, ...]
    table: tuple[SavingRow, ...]


def explain_separable(
    *,
    height: int | None = None,
    width: int | None = None,
    channels: int = 64,
    filters: int = 128,
    kernel: int = 3,
    stride: int = 1,
    padding: Padding = "same",
) -> SeparableLesson:
    """Both ways from a map of height × width × channels to one of `filters` channels.

    A side that is None is 56, or the kernel's where that is larger; the ratio does not depend on it.
    Raises SpecError for sizes below one and for a kernel that is larger than the map.
    """
    whole("kernel", kernel, 1, MAX_SIDE)
    height = max(SIDE, kernel) if height is None else height
    width = max(SIDE, kernel) if width is None else width
    check_map(height, width, channels, kernel, stride, padding)
    whole("filters", filters, 1, MAX_CHANNELS)
    shape = (height, width, channels)
    standard_op, depthwise_op, pointwise_op = _operators(filters, kernel, stride, padding)
    (whole_layer,) = cost(_chain(shape, standard_op), runtimes=()).layers
    halves = _chain(shape, depthwise_op, pointwise_op)
    first, second = cost(halves, runtimes=()).layers
    standard = _work("standard", whole_layer)
    separable = _work("separable", first, second)
    table_filters = tuple(sorted({*FILTERS, filters}))
    return SeparableLesson(
        input_shape=shape,
        output_shape=whole_layer.output_shape,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        standard=standard,
        depthwise=_work("depthwise", first),
        pointwise=_work("pointwise", second),
        separable=separable,
        between_shape=first.output_shape,
        between_bytes=halves.sizes[first.name],
        ratio=separable.multiplications / standard.multiplications,
        rule=1 / filters + 1 / kernel**2,
        saving=standard.multiplications / separable.multiplications,
        additions_saving=standard.additions / separable.additions if separable.additions else None,
        parameters_saving=standard.parameters / separable.parameters,
        depthwise_share=first.multiplications / separable.multiplications,
        limit_many_filters=kernel**2,
        limit_large_kernel=filters,
        table_filters=table_filters,
        table=tuple(
            SavingRow(kernel=size, savings=tuple(saving(size, number) for number in table_filters))
            for size in sorted({*KERNELS, kernel})
        ),
    )


def saving(kernel: int, filters: int) -> float:
    """How many times fewer multiplications, counted on a map of one channel and of the kernel's size."""
    shape = (kernel, kernel, 1)
    standard, *halves = _operators(filters, kernel, 1, "same")
    full, split = (cost(_chain(shape, *ops), runtimes=()).multiplications for ops in ((standard,), halves))
    return full / split


def times_fewer(saving: float, digits: int = 2) -> str:
    """A saving in words: `8.41 times fewer`, and `1.25 times more` where it costs more."""
    if saving < 1:
        return f"{1 / saving:.{digits}f} times more"
    return f"{saving:.{digits}f} times fewer"


def _operators(
    filters: int, kernel: int, stride: int, padding: Padding
) -> tuple[Conv2D, DepthwiseConv2D, Conv2D]:
    window, step = (kernel, kernel), (stride, stride)
    return (
        Conv2D(filters=filters, kernel=window, stride=step, padding=padding),
        DepthwiseConv2D(kernel=window, stride=step, padding=padding),
        Conv2D(filters=filters, kernel=(1, 1)),
    )


def _chain(shape: Shape, *operators: Operator) -> Graph:
    builder, tensor = GraphBuilder("convolutions", shape), INPUT
    for op in operators:
        tensor = builder.append(op, tensor)
    return builder.build()


def _work(name: str, *layers: LayerCost) -> Work:
    return Work(
        name=name,
        multiplications=sum(layer.multiplications for layer in layers),
        additions=sum(layer.additions for layer in layers),
        parameters=sum(layer.deployed_parameters for layer in layers),
        weight_bytes=sum(layer.weight_bytes for layer in layers),
    )
