"""What the lowering of an operator is given, and the members that several kernels share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from wakeling.cost.memory.windows import margins_of
from wakeling.export.c.program import Box, Call, Field
from wakeling.export.c.targets import Target
from wakeling.graph import Graph, Node
from wakeling.ops import Conv2D, DepthwiseConv2D, Pad, Pair, Shape, StridedSlice
from wakeling.quantize.intervals import Intervals, intervals
from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, kw_only=True, eq=False)
class Lowering:
    """A model on its way to a target; `pads` are the `Pad` nodes that their readers compute."""

    model: QuantizedModel
    target: Target
    pads: Mapping[str, Node]

    @property
    def graph(self) -> Graph:
        """The model's graph."""
        return self.model.graph

    @functools.cached_property
    def intervals(self) -> Intervals:
        """What every tensor and every sum can be, for the kernels that need a proof."""
        return intervals(self.model)


Lower = Callable[[Lowering, Node], Call]
"""From a node to the call of a kernel."""

Attempt = Callable[[Lowering, Node], Call | None]
"""As `Lower`; None where the kernel cannot compute the node."""


WINDOW_ARGUMENTS = ("layer", "window", "input", "output", "scratch")
"""What a kernel that slides windows is called with."""

INPUTS_BEGIN, INPUTS_END = "(const void *const[]){", "}"
"""Around the `input` arguments of a kernel that takes any number of them (`emit.run.call_text`)."""


def channels_of(shape: Shape) -> int:
    """The size of the last axis, 1 of a single number: all before it are pixels."""
    return shape[-1] if shape else 1


def image_of(lowering: Lowering, node: Node) -> str:
    """The tensor that a windowed operator finds in memory: a fused pad's input, or its own."""
    source = node.inputs[0]
    pad = lowering.pads.get(source)
    return source if pad is None else pad.inputs[0]


def window_fields(lowering: Lowering, node: Node, image: Box | None, box: Box | None) -> dict[str, Field]:
    """The members of a `wk_window`, but for `output_pixels`: from a box of the image to one of the output.

    None stands for all of it.
    """
    (above, left), stride = _placed(lowering, node)
    height, width = lowering.graph.shapes[image_of(lowering, node)][:2]
    held = image or ((0, height), (0, width))
    made = box or ((0, node.shape[0]), (0, node.shape[1]))
    return {
        "height": held[0][1] - held[0][0],
        "width": held[1][1] - held[1][0],
        "rows": made[0][1] - made[0][0],
        "columns": made[1][1] - made[1][0],
        "top": made[0][0] * stride[0] - above - held[0][0],
        "left": made[1][0] * stride[1] - left - held[1][0],
    }


def _placed(lowering: Lowering, node: Node) -> tuple[Pair, Pair]:
    """Rows above and columns left of the image that the first window sees, and the stride of windows."""
    op: Any = node.op  # one that slides windows, or one of the two below
    if isinstance(op, Pad):
        return (op.rows[0], op.columns[0]), (1, 1)
    if isinstance(op, StridedSlice):
        return (-op.begin[0], -op.begin[1]), (op.strides[0], op.strides[1])
    pad = lowering.pads.get(node.inputs[0])
    return margins_of(op, lowering.graph.shapes[node.inputs[0]], pad), op.stride


def kernel_fields(node: Node) -> dict[str, Field]:
    """Kernel, stride and dilation of a convolution."""
    op = node.op
    assert isinstance(op, Conv2D | DepthwiseConv2D)
    pairs: tuple[tuple[str, Pair], ...] = (
        ("kernel", op.kernel),
        ("stride", op.stride),
        ("dilation", op.dilation),
    )
    return {
        f"{name}_{axis}": pair[index]
        for name, pair in pairs
        for index, axis in enumerate(("rows", "columns"))
    }
