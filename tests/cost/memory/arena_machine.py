"""A little machine that runs a graph in one array of bytes, at the offsets of a memory plan.

It computes value by value in the order that the C code has, reads and writes nothing but the arena,
and fills with noise what is not held, scratch included. Windows are in `arena_windows`. Its arithmetic
is modulo 256 with made-up weights: what is tested is who overwrites whom.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.cost.memory.arena_windows import slide
from tests.cost.memory.whole_arrays import weights
from wakeling.cost.memory import MemoryPlan
from wakeling.cost.memory.windows import WINDOWED, fused_pads
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    Concat,
    Dense,
    Mean,
    Mul,
    Pad,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)

Box = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns, each from the first to behind the last."""


@dataclass(frozen=True)
class Region:
    """Rows and columns of a tensor that lie at `offset`, one behind the other."""

    offset: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    channels: int

    def address(self, row: int, column: int, channel: int = 0) -> int:
        """Where a value is; it must be inside."""
        assert self.rows[0] <= row < self.rows[1], (row, self.rows)
        assert self.columns[0] <= column < self.columns[1], (column, self.columns)
        return (
            self.offset
            + ((row - self.rows[0]) * self.width + column - self.columns[0]) * self.channels
            + channel
        )

    @property
    def box(self) -> Box:
        """All of its rows and columns."""
        return self.rows, self.columns

    @property
    def height(self) -> int:
        """How many rows."""
        return self.rows[1] - self.rows[0]

    @property
    def width(self) -> int:
        """How many columns."""
        return self.columns[1] - self.columns[0]

    @property
    def end(self) -> int:
        """Behind its last byte."""
        return self.offset + self.height * self.width * self.channels


class Machine:
    """The arena of a plan, and one operator after the other in it.

    `lanes` channels at a time go through scratch, as in kernels for Helium (4) or for the DSP extension
    (1); a convolution computes `at_once` pixels at a time.
    """

    def __init__(self, graph: Graph, plan: MemoryPlan, *, lanes: int = 4, at_once: int = 3) -> None:
        self.graph, self.plan, self.lanes, self.at_once = graph, plan, lanes, at_once
        self.pads = fused_pads(graph)
        self.offsets = plan.offsets
        self._noise = random.Random(0)
        self.arena = bytearray(self._noise.randbytes(plan.peak_bytes))
        self.scratch = {buffer.name: buffer for buffer in plan.buffers if buffer.kind == "scratch"}
        self.needed: dict[str, int] = {}
        self._steps = {node.name: step for step, node in enumerate(graph.nodes)}

    def whole(self, tensor: str) -> Region:
        """All of a tensor; a vector is an image of one pixel."""
        shape = (1, 1, *self.graph.shapes[tensor])[-3:]
        return Region(self.offsets[tensor], (0, shape[0]), (0, shape[1]), shape[2])

    def run(self, image: bytes) -> bytes:
        """The network's output for an input, both as bytes."""
        start = self.offsets[INPUT]
        self.arena[start : start + len(image)] = image
        for step, node in enumerate(self.graph.nodes):
            self.forget(step)
            if isinstance(node.op, Reshape) or node.name in self.pads:
                continue
            self.run_node(
                node, {name: self.whole(name) for name in self.sources(node)}, self.whole(node.name)
            )
        return self.read_output()

    def read_output(self) -> bytes:
        """The network's output; no more scratch was planned than kernels needed at most, in fours."""
        for name, size in self.needed.items():
            buffer = self.scratch.get(f"{name}/scratch")
            assert (0 if buffer is None else buffer.size_bytes) == (size + 3) // 4 * 4, name
        return self.read(self.graph.output)

    def read(self, tensor: str) -> bytes:
        """The bytes of a tensor."""
        start = self.offsets[tensor]
        return bytes(self.arena[start : start + math.prod(self.graph.shapes[tensor])])

    def forget(self, step: int) -> None:
        """Fill all that no buffer holds at a step, and scratch, with noise."""
        kept = bytearray(self._noise.randbytes(len(self.arena)))
        for buffer in self.plan.buffers:
            if buffer.first <= step <= buffer.last and buffer.kind == "tensor":
                begin = buffer.offset_bytes or 0
                kept[begin : begin + buffer.size_bytes] = self.arena[begin : begin + buffer.size_bytes]
        self.arena = kept

    def run_node(
        self, node: Node, sources: Mapping[str, Region], target: Region, box: Box | None = None
    ) -> None:
        """One operator, from regions of its operands to a box of its output (all of the region).

        Its regions must lie in what the plan holds at its step, and it may write to nothing but its
        output and its scratch.
        """
        op, box = node.op, box or target.box
        for region in (*sources.values(), target):
            self._check_held(region, self._steps[node.name])
        before = bytearray(self.arena)
        if isinstance(op, WINDOWED):
            slide(self, node, next(iter(sources.values())), target, box)
        elif isinstance(op, Softmax):
            self._softmax(sources[node.inputs[0]], target, box)
        else:
            for (row, column, channel), value in self._values(node, sources, target, box):
                self.arena[target.address(row, column, channel)] = value % 256
        written = [(target.offset, target.end)]
        if (scratch := self.scratch.get(f"{node.name}/scratch")) is not None:
            start = scratch.offset_bytes or 0
            written.append((start, start + scratch.size_bytes))
        for low, high in written:
            before[low:high] = self.arena[low:high]
        assert before == self.arena, f"{node.name} wrote outside of its output and its scratch"

    def _check_held(self, region: Region, step: int) -> None:
        assert any(
            buffer.kind == "tensor"
            and buffer.first <= step <= buffer.last
            and buffer.offset_bytes == region.offset
            and region.end <= region.offset + buffer.size_bytes
            for buffer in self.plan.buffers
        ), (region, step)

    def sources(self, node: Node) -> list[str]:
        """The tensors that a node finds in memory."""
        return [self.pads[name].inputs[0] if name in self.pads else name for name in node.inputs]

    def _values(
        self, node: Node, sources: Mapping[str, Region], target: Region, box: Box
    ) -> Iterator[tuple[tuple[int, int, int], int]]:
        """Each output of an operator that slides no window, at the moment when it is written."""
        op: Any = node.op
        places = itertools.product(range(*box[0]), range(*box[1]), range(target.channels))
        first = sources[node.inputs[0]]
        for row, column, channel in places:
            if isinstance(op, Activation):
                value = self.arena[first.address(row, column, channel)] * 3 + 1
            elif isinstance(op, Sub):
                value = self.arena[first.address(row, column, channel)] - int(
                    weights(node, target.channels)[channel]
                )
            elif isinstance(op, Add | Mul):
                left, right = (self._broadcast(sources[name], row, column, channel) for name in node.inputs)
                value = left + right if isinstance(op, Add) else left * right
            elif isinstance(op, Concat):
                value = self._joined([sources[name] for name in node.inputs], row, column, channel)
            elif isinstance(op, Mean):
                pixels = itertools.product(range(*first.rows), range(*first.columns))
                value = sum(self.arena[first.address(y, x, channel)] for y, x in pixels)
            elif isinstance(op, Dense):
                matrix = weights(node, target.channels, first.channels)[channel]
                value = sum(self.arena[first.offset + k] * int(matrix[k]) for k in range(first.channels))
            elif isinstance(op, Transpose):
                value = self.arena[first.address(column, row, channel)]
            elif isinstance(op, StridedSlice):
                y, x = op.begin[0] + row * op.strides[0], op.begin[1] + column * op.strides[1]
                value = self.arena[first.address(y, x, channel)]
            else:
                assert isinstance(op, Pad)
                y, x, c = row - op.rows[0], column - op.columns[0], channel - op.channels[0]
                height, width, depth = self.graph.shapes[node.inputs[0]]
                inside = 0 <= y < height and 0 <= x < width and 0 <= c < depth
                value = self.arena[first.address(y, x, c)] if inside else 0
            yield (row, column, channel), value

    def _broadcast(self, source: Region, row: int, column: int, channel: int) -> int:
        if source.rows == (0, 1) and source.columns == (0, 1):
            row = column = 0
        return self.arena[source.address(row, column, channel)]

    def _joined(self, sources: list[Region], row: int, column: int, channel: int) -> int:
        for source in sources:
            if channel < source.channels:
                return self.arena[source.address(row, column, channel)]
            channel -= source.channels
        raise AssertionError("no such channel")

    def _softmax(self, source: Region, target: Region, box: Box) -> None:
        """A stand-in that, as softmax, needs all channels before it writes the first."""
        for row, column in itertools.product(range(*box[0]), range(*box[1])):
            total = sum(self.arena[source.address(row, column, c)] for c in range(source.channels))
            for channel in range(target.channels):
                value = self.arena[source.address(row, column, channel)] * 5 + total
                self.arena[target.address(row, column, channel)] = value % 256
