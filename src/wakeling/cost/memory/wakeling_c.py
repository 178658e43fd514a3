"""`wakeling-c`: the arena of our own C code. What is planned here is what the C code allocates.

In place where an operator allows it, padding fused into the operator behind it, reshapes for
nothing, offsets at multiples of 4 that no two live buffers share, each kernel's scratch by formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.cost.memory.in_place import OWN_C_IN_PLACE
from wakeling.cost.memory.placement import Block, place
from wakeling.cost.memory.plan import Lifetime, MemoryPlan, live_bytes, parts_at_peak
from wakeling.cost.memory.scratch import rows_bytes, windows_bytes
from wakeling.cost.memory.storage import Pads, Piece, storage
from wakeling.cost.memory.windows import fused_pads
from wakeling.graph import Graph, Node
from wakeling.ops import Conv2D, DepthwiseConv2D, Operator

ALIGNMENT = 4
"""Of every buffer, so that kernels may load four int8 values at once."""


def aligned(size: int) -> int:
    """`size` filled up to the arena's alignment."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT


@dataclass(frozen=True, slots=True)
class Held:
    """What our C holds of whole images, before it is placed.

    `pads` are computed by their readers; `rings` has the bytes of the rows that an operator keeps only
    to work in place, and `scratch` (name, bytes, step) is all that kernels need while they run, rings
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
    return Held(pads, pieces, rings, kernel_scratch(graph, rings))


def wakeling_c(graph: Graph, held: Held | None = None) -> MemoryPlan:
    """The arena of a fused graph: input, output, all that is between them, and scratch.

    `held` is what `held_by` says of the graph, where that is known already.

    The rules, each with the reason why it is safe:

    * A reshape makes nothing. A `Pad` whose readers all slide windows is computed by them.
    * An element-wise operator writes over an operand of the output's size that dies there.
    * A strided slice writes over its input: value i comes from position i or behind it.
    * A convolution gathers up to three windows before it writes their outputs (`windows_bytes`). A
      pointwise one so works in place: forward over the pixels, or backward where they grow; then its
      output is held at the input's offset, and is larger. Any other keeps the last rows of its input
      in a ring (`ring_bytes`) if they are read in time and that takes less than a second buffer.
    * A depthwise convolution copies the rows that a row of windows sees, some channels at a time
      (`rows_bytes`), and with multiplier 1 so works in place, where its output is no larger in rows,
      columns and bytes.
    * A pool works in place under the same condition: straight from the image where no window sees a
      margin above or left, else, four channels at a time, through a ring that is smaller than a
      second buffer.

    Offsets are those of the best of several greedy strategies (`placement.STRATEGIES`), and
    `lower_bound_bytes` is the largest sum of live buffers, which no placement can beat.
    """
    held = held or held_by(graph)
    return arranged("wakeling-c", held.pieces, held.scratch, len(graph.nodes))


_ALWAYS: Mapping[type[Operator], Callable[[Node, Graph], int]] = MappingProxyType(
    {Conv2D: windows_bytes, DepthwiseConv2D: rows_bytes}
)
"""Scratch that a kernel needs in place or not; an operator that is missing needs none."""


def kernel_scratch(graph: Graph, rings: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(name, bytes, step) of what kernels need while they run; a ring lies behind all else."""
    scratch = []
    for step, node in enumerate(graph.nodes):
        always = _ALWAYS.get(type(node.op))
        size = (always(node, graph) if always else 0) + rings.get(node.name, 0)
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
