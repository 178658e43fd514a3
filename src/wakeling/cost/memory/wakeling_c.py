"""`wakeling-c`: the arena of our own C code. What is planned here is what the C code allocates.

In place where an operator allows it, padding fused into the operator behind it, reshapes for
nothing, offsets at multiples of 4 that no two live buffers share, each kernel's scratch by formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from wakeling.cost.memory.placement import Block, place
from wakeling.cost.memory.plan import Lifetime, MemoryPlan, live_bytes, parts_at_peak
from wakeling.cost.memory.storage import IN_PLACE, InPlace, Pads, Piece, storage
from wakeling.cost.memory.windows import extent_of, fused_pads, margins_of
from wakeling.graph import Graph, Node
from wakeling.ops import (
    ELEMENT_BYTES,
    AveragePool2D,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Shape,
    StridedSlice,
)

ALIGNMENT = 4
"""Of every buffer, so that kernels may load four int8 values at once."""


def aligned(size: int) -> int:
    """`size` filled up to the arena's alignment."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT


@dataclass(frozen=True, slots=True)
class Held:
    """What our C holds of whole images, before it is placed.

    `pads` are computed by their readers; `rings` has the bytes of the rows that an operator keeps to
    work in place, and `scratch` (name, bytes, step) is all that kernels need while they run, rings
    included.
    """

    pads: Pads
    pieces: Sequence[Piece]
    rings: Mapping[str, int]
    scratch: Sequence[tuple[str, int, int]]


def held_by(graph: Graph) -> Held:
    """What a fused graph holds by the rules of `wakeling_c`."""
    pads = fused_pads(graph)
    pieces, rings = storage(graph, graph.nodes, OWN_C_IN_PLACE, pads)
    return Held(pads, pieces, rings, kernel_scratch(graph, pads, rings))


def wakeling_c(graph: Graph, held: Held | None = None) -> MemoryPlan:
    """The arena of a fused graph: input, output, all that is between them, and scratch.

    `held` is what `held_by` says of the graph, where that is known already.

    The rules, each with the reason why it is safe:

    * A reshape makes nothing. A `Pad` whose readers all slide windows is computed by them.
    * An element-wise operator writes over an operand of the output's size that dies there.
    * A strided slice writes over its input: value i comes from position i or behind it.
    * A depthwise convolution (multiplier 1) or a pool writes over its input where its output is no
      larger in rows, columns and bytes. Without a margin above and left of the image no later window
      reaches back to what is written, and nothing else is needed. With one, the last rows of the
      input are kept in a ring (`ring_bytes`), unless that takes more than a second buffer.
    * A convolution gathers one window at a time (`gather_bytes`); 1×1 without padding reads in place.

    Offsets are those of the best of several greedy strategies (`placement.STRATEGIES`), and
    `lower_bound_bytes` is the largest sum of live buffers, which no placement can beat.
    """
    held = held or held_by(graph)
    return arranged("wakeling-c", held.pieces, held.scratch, len(graph.nodes))


def kernel_scratch(graph: Graph, pads: Pads, rings: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(name, bytes, step) of what kernels need while they run: `rings` of rows, gathered windows."""
    scratch = []
    for step, node in enumerate(graph.nodes):
        size = rings.get(node.name) or (gather_bytes(graph, node, pads) if type(node.op) is Conv2D else 0)
        if size:
            scratch.append((f"{node.name}/scratch", size, step))
    return scratch


def arranged(
    runtime: str, pieces: Sequence[Piece], scratch: Sequence[tuple[str, int, int]], steps: int
) -> MemoryPlan:
    """The plan of pieces of storage and scratch buffers (name, bytes, step), placed in one arena."""
    held = [(aligned(piece.size), piece.first, piece.last) for piece in pieces]
    blocks: list[Block] = []
    for piece, part in zip(pieces, held, strict=True):
        if piece.block == len(blocks):
            blocks.append((part,))
        else:
            blocks[piece.block] += (part,)
    parts = len(blocks)
    held += [(aligned(size), step, step) for _, size, step in scratch]
    blocks += [(part,) for part in held[len(pieces) :]]
    live = live_bytes(held, steps)
    bound = max(live)
    offsets, arena = place(blocks, steps, bound)
    buffers = [
        Lifetime(
            piece.tensors[0],
            *part,
            offsets[piece.block],
            "tensor",
            tuple(piece.tensors) if len(piece.tensors) > 1 else (),
        )
        for piece, part in zip(pieces, held, strict=False)
    ]
    buffers += [
        Lifetime(name, *part, offset, "scratch")
        for (name, _, _), part, offset in zip(scratch, held[len(pieces) :], offsets[parts:], strict=True)
    ]
    return MemoryPlan(
        runtime=runtime,
        peak_bytes=arena,
        live_bytes=live,
        buffers=tuple(buffers),
        parts=parts_at_peak(buffers, live, arena),
        lower_bound_bytes=bound,
    )


def gather_bytes(graph: Graph, node: Node, pads: Pads) -> int:
    """One window of a convolution's input: kernel rows × columns × channels of a group.

    0 for 1×1 without padding, whose windows are there already.
    """
    op, source = node.op, node.inputs[0]
    assert isinstance(op, Conv2D)
    if op.kernel == (1, 1) and source not in pads:
        return 0
    values = op.kernel[0] * op.kernel[1] * (graph.shapes[source][2] // op.groups)
    return values * ELEMENT_BYTES[graph.types[source]]


def ring_bytes(extent: int, image: Shape, element_bytes: int) -> int:
    """The rows of an image that one row of windows sees: `extent` rows, or all if there are fewer."""
    height, width, channels = image
    return min(extent, height) * width * channels * element_bytes


def _slice_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    return 0


def _windows_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    op: Any = node.op  # one of the three classes below
    target, size, pad = node.shape, graph.sizes[node.name], pads.get(operand)
    image = graph.shapes[operand if pad is None else pad.inputs[0]]
    if size > size_bytes or target[0] > image[0] or target[1] > image[1]:
        return None
    if margins_of(op, graph.shapes[operand], pad) == (0, 0):
        return 0
    ring = ring_bytes(extent_of(op)[0], image, ELEMENT_BYTES[graph.types[operand]])
    return ring if ring < size else None


def _depthwise_in_place(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    return _windows_in_place(graph, node, operand, size_bytes, pads) if op.multiplier == 1 else None


OWN_C_IN_PLACE: Mapping[type[Operator], InPlace] = MappingProxyType(
    {
        **IN_PLACE,
        StridedSlice: _slice_in_place,
        DepthwiseConv2D: _depthwise_in_place,
        AveragePool2D: _windows_in_place,
        MaxPool2D: _windows_in_place,
    }
)
"""What may write over its input, and with how much scratch (see `wakeling_c`)."""
