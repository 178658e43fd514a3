"""One convolution: a filter that slides over a feature map, and what that costs.

The counts are those of `wakeling.cost`; here they are put beside the shapes that make them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wakeling.cost import cost, parameters
from wakeling.errors import SpecError
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Conv2D, Padding, Pair, Shape, same_padding
from wakeling.spec.checks import MAX_CHANNELS, one_of, whole

MAX_SIDE = 65_536
"""Rows or columns of a map; far above any camera, low enough that no count explodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionLesson:
    """A standard convolution on one int8 map, with its counts.

    `positions` is how many places the window takes, `products` the multiplications at each of them
    for one filter (K²·M), `sums` the additions there (the bias's included), `outputs` the numbers
    that all filters make. Zeros of the padding count as if they were pixels, as in every published
    table.
    """

    input_shape: Shape
    filters: int
    kernel: int
    stride: int
    padding: Padding
    bias: bool
    output_shape: Shape
    padding_rows: Pair
    padding_columns: Pair
    positions: int
    products: int
    sums: int
    outputs: int
    macs: int
    multiplications: int
    additions: int
    weights: int
    biases: int
    parameters: int
    weight_bytes: int
    input_bytes: int
    output_bytes: int
    ram_bytes: int


def check_map(height: int, width: int, channels: int, kernel: int, stride: int, padding: str) -> None:
    """SpecError, in one line, for a map and a window that make no convolution."""
    whole("height", height, 1, MAX_SIDE)
    whole("width", width, 1, MAX_SIDE)
    whole("channels", channels, 1, MAX_CHANNELS)
    whole("kernel", kernel, 1, MAX_SIDE)
    whole("stride", stride, 1, MAX_SIDE)
    one_of("padding", padding, ("same", "valid"))
    if kernel > min(height, width):
        raise SpecError(
            f"the kernel is {kernel}×{kernel} and the map only {height}×{width}; "
            f"take a kernel of at most {min(height, width)}, or a larger map"
        )


def explain_convolution(
    *,
    height: int = 8,
    width: int = 8,
    channels: int = 3,
    filters: int = 4,
    kernel: int = 3,
    stride: int = 1,
    padding: Padding = "same",
    bias: bool = False,
) -> ConvolutionLesson:
    """The convolution of `filters` K×K filters over a map of height × width × channels.

    Raises SpecError for sizes below one and for a kernel that is larger than the map.
    """
    check_map(height, width, channels, kernel, stride, padding)
    whole("filters", filters, 1, MAX_CHANNELS)
    op = Conv2D(
        filters=filters, kernel=(kernel, kernel), stride=(stride, stride), padding=padding, use_bias=bias
    )
    builder = GraphBuilder("convolution", (height, width, channels))
    builder.append(op, INPUT, name="convolution")
    graph = builder.build()
    report = cost(graph, runtimes=())
    (layer,) = report.layers
    own = parameters(op, graph.input_shape)
    zeros = same_padding if padding == "same" else _no_padding
    return ConvolutionLesson(
        input_shape=graph.input_shape,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        bias=bias,
        output_shape=layer.output_shape,
        padding_rows=zeros(height, kernel, stride),
        padding_columns=zeros(width, kernel, stride),
        positions=math.prod(layer.output_shape[:2]),
        products=own.weights // filters,
        sums=layer.additions // math.prod(layer.output_shape),
        outputs=math.prod(layer.output_shape),
        macs=layer.macs,
        multiplications=layer.multiplications,
        additions=layer.additions,
        weights=own.weights,
        biases=own.biases,
        parameters=layer.deployed_parameters,
        weight_bytes=layer.weight_bytes,
        input_bytes=graph.sizes[INPUT],
        output_bytes=graph.sizes[graph.output],
        ram_bytes=report.ram_bytes["liveness"],
    )


def _no_padding(size: int, kernel: int, stride: int) -> Pair:
    return 0, 0


def worked_steps(lesson: ConvolutionLesson) -> tuple[str, ...]:
    """The arithmetic in words, one step a line, so that it can be followed with a pencil."""
    height, width, channels = lesson.input_shape
    rows, columns, filters = lesson.output_shape
    kernel, products = lesson.kernel, lesson.products
    steps = [
        f"The map has {height:,} × {width:,} pixels of {channels:,} channels: "
        f"{height:,} × {width:,} × {channels:,} = {lesson.input_bytes:,} numbers.",
        f"A filter is as deep as the map: {kernel} × {kernel} × {channels:,} = {products:,} weights.",
        f"At one position, each weight is multiplied by the number below it and the products are added up: "
        f"{products:,} multiplications, {products - 1:,} additions, one number comes out.",
        f"{_padding_words(lesson)}, and the window moves by {lesson.stride}: it takes {rows:,} positions "
        f"down and {columns:,} across, {rows:,} × {columns:,} = {lesson.positions:,}.",
        f"{filters:,} filters do the same, and each makes one output channel: "
        f"{rows:,} × {columns:,} × {filters:,} = {lesson.outputs:,} numbers come out.",
        f"Multiplications: K²·M·N·H·W = {kernel}² × {channels:,} × {filters:,} × {rows:,} × {columns:,} = "
        f"{lesson.multiplications:,}.",
        _addition_words(lesson),
        _parameter_words(lesson),
        f"In int8 (one byte a number), the map takes {lesson.input_bytes:,} bytes, the output "
        f"{lesson.output_bytes:,} and the parameters {lesson.weight_bytes:,}"
        f"{' (a bias has four bytes)' if lesson.bias else ''}; map and output are in RAM together: "
        f"{lesson.ram_bytes:,} bytes.",
    ]
    return tuple(steps)


def _padding_words(lesson: ConvolutionLesson) -> str:
    (top, bottom), (left, right) = lesson.padding_rows, lesson.padding_columns
    if top + bottom + left + right == 0:
        return f"Nothing is added around the map ({lesson.padding} padding)"
    return (
        f"With {lesson.padding} padding, zeros go around the map (rows: {top} above, {bottom} below; "
        f"columns: {left} left, {right} right)"
    )


def _addition_words(lesson: ConvolutionLesson) -> str:
    rows, columns, filters = lesson.output_shape
    shape = f"{filters:,} × {rows:,} × {columns:,}"
    if lesson.bias:
        return (
            f"Additions: (K²·M − 1)·N·H·W, and one for the bias of each output: "
            f"({lesson.products:,} − 1 + 1) × {shape} = {lesson.additions:,}."
        )
    return f"Additions: (K²·M − 1)·N·H·W = ({lesson.products:,} − 1) × {shape} = {lesson.additions:,}."


def _parameter_words(lesson: ConvolutionLesson) -> str:
    kernel, channels, filters = lesson.kernel, lesson.input_shape[2], lesson.filters
    weights = f"K²·M·N = {kernel}² × {channels:,} × {filters:,} = {lesson.weights:,}"
    if lesson.bias:
        return f"Parameters: {weights} weights and {lesson.biases:,} biases, {lesson.parameters:,} in all."
    return f"Parameters: {weights}. They do not depend on the size of the map."
