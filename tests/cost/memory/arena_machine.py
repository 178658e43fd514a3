"""A little machine that runs a graph in one array of bytes, at the offsets of a memory plan.

It computes value by value in the order that the C code will have (top to bottom, left to right,
channels last), reads and writes nothing but the arena, and fills with garbage what is not held. Its
arithmetic is modulo 256 with made-up weights: what is tested is who overwrites whom. `expected`
computes the same on whole arrays, with NumPy.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.cost.memory import MemoryPlan
from wakeling.cost.memory.windows import WINDOWED, extent_of, fused_pads, margins_of
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Mul,
    Pad,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
)

GARBAGE = 0xA5

Box = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns, each from the first to behind the last."""


def weights(node: Node, *shape: int) -> npt.NDArray[np.int64]:
    """Made-up weights of a node; the same every time."""
    rng = np.random.default_rng(zlib.crc32(node.name.encode()))
    return rng.integers(0, 256, shape)


@dataclass(frozen=True)
class Region:
    """Rows and columns of a tensor that lie at `offset`, one behind the other."""

    offset: int
    rows: tuple[int, int]
    columns: tuple[int, int]
    channels: int

    def address(self, row: int, column: int, channel: int) -> int:
        """Where a value is; it must be inside."""
        assert self.rows[0] <= row < self.rows[1], (row, self.rows)
        assert self.columns[0] <= column < self.columns[1], (column, self.columns)
        width = self.columns[1] - self.columns[0]
        return (
            self.offset + ((row - self.rows[0]) * width + column - self.columns[0]) * self.channels + channel
        )

    @property
    def box(self) -> Box:
        """All of its rows and columns."""
        return self.rows, self.columns


class Machine:
    """The arena of a plan, and one operator after the other in it."""

    def __init__(self, graph: Graph, plan: MemoryPlan) -> None:
        self.graph, self.plan = graph, plan
        self.pads = fused_pads(graph)
        self.offsets = plan.offsets
        self.arena = bytearray([GARBAGE]) * plan.peak_bytes
        self.scratch = {buffer.name: buffer for buffer in plan.buffers if buffer.kind == "scratch"}
        self.holder = {
            name: number
            for number, buffer in enumerate(plan.buffers)
            for name in buffer.tensors or (buffer.name,)
        }

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
                node, {name: self.whole(name) for name in self._sources(node)}, self.whole(node.name)
            )
        return self.read(self.graph.output)

    def read(self, tensor: str) -> bytes:
        """The bytes of a tensor."""
        start = self.offsets[tensor]
        return bytes(self.arena[start : start + math.prod(self.graph.shapes[tensor])])

    def forget(self, step: int) -> None:
        """Fill all that no buffer holds at a step, and scratch, with garbage."""
        kept = bytearray([GARBAGE]) * len(self.arena)
        for buffer in self.plan.buffers:
            if buffer.first <= step <= buffer.last and buffer.kind == "tensor":
                begin = buffer.offset_bytes or 0
                kept[begin : begin + buffer.size_bytes] = self.arena[begin : begin + buffer.size_bytes]
        self.arena = kept

    def run_node(
        self, node: Node, sources: Mapping[str, Region], target: Region, box: Box | None = None
    ) -> None:
        """One operator, from regions of its operands to a box of its output (all of the region)."""
        op, box = node.op, box or target.box
        if isinstance(op, WINDOWED):
            self._windows(node, next(iter(sources.values())), target, box)
        elif isinstance(op, Softmax):
            self._softmax(sources[node.inputs[0]], target, box)
        else:
            for (row, column, channel), value in self._values(node, sources, target, box):
                self.arena[target.address(row, column, channel)] = value % 256

    def _sources(self, node: Node) -> list[str]:
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

    def _windows(self, node: Node, source: Region, target: Region, box: Box) -> None:
        """Rows of windows; through a ring of rows where the plan has one, else straight from the image."""
        op: Any = node.op
        pad = self.pads.get(node.inputs[0])
        extent, stride = extent_of(op), op.stride
        above, left = margins_of(op, self.graph.shapes[node.inputs[0]], pad)
        image = self.graph.shapes[node.inputs[0] if pad is None else pad.inputs[0]]
        buffer = self.scratch.get(f"{node.name}/scratch")
        in_place = source.offset == target.offset
        ring_rows = min(extent[0], source.rows[1] - source.rows[0])
        row_bytes = (source.columns[1] - source.columns[0]) * source.channels
        uses_ring = in_place and buffer is not None
        loaded = source.rows[0]
        for row in range(*box[0]):
            top = row * stride[0] - above
            while uses_ring and loaded < min(top + extent[0], source.rows[1]):
                assert buffer is not None
                assert buffer.offset_bytes is not None
                begin = source.offset + (loaded - source.rows[0]) * row_bytes
                slot = buffer.offset_bytes + (loaded - source.rows[0]) % ring_rows * row_bytes
                assert slot + row_bytes <= buffer.offset_bytes + buffer.size_bytes
                self.arena[slot : slot + row_bytes] = self.arena[begin : begin + row_bytes]
                loaded += 1

            def tap(y: int, x: int, channel: int) -> int | None:
                """A value of the image; 0 in a pad's margin, None beyond that."""
                if not (0 <= y < image[0] and 0 <= x < image[1]):
                    return self._margin(node, y, x)
                if not uses_ring:
                    return self.arena[source.address(y, x, channel)]
                assert buffer is not None
                assert buffer.offset_bytes is not None
                slot = buffer.offset_bytes + (y - source.rows[0]) % ring_rows * row_bytes
                return self.arena[slot + (x - source.columns[0]) * source.channels + channel]

            for column in range(*box[1]):
                self._window(node, target, (row, column), (top, column * stride[1] - left), tap)

    def _margin(self, node: Node, row: int, column: int) -> int | None:
        """What lies outside of an image: a fused pad's zeros are values, TFLite's padding is none."""
        pad = self.pads.get(node.inputs[0])
        if pad is None:
            return None
        assert isinstance(pad.op, Pad)
        height, width = self.graph.shapes[pad.inputs[0]][:2]
        (above, below), (left, right) = pad.op.rows, pad.op.columns
        inside = -above <= row < height + below and -left <= column < width + right
        return 0 if inside else None

    def _window(
        self, node: Node, target: Region, place: tuple[int, int], corner: tuple[int, int], tap: Any
    ) -> None:
        op: Any = node.op
        kernel_size = op.kernel if isinstance(op, Conv2D | DepthwiseConv2D) else op.pool
        down, right = getattr(op, "dilation", (1, 1))
        taps = [(i * down, j * right) for i in range(kernel_size[0]) for j in range(kernel_size[1])]
        if isinstance(op, Conv2D):
            depth = self.graph.shapes[node.inputs[0]][2]
            kernel = weights(node, op.filters, *op.kernel, depth)
            window = [tap(corner[0] + i, corner[1] + j, c) or 0 for i, j in taps for c in range(depth)]
            buffer = self.scratch.get(f"{node.name}/scratch")
            if buffer is not None:
                assert buffer.offset_bytes is not None
                assert len(window) <= buffer.size_bytes
                self.arena[buffer.offset_bytes : buffer.offset_bytes + len(window)] = bytes(window)
            for channel in range(op.filters):
                value = sum(int(a) * b for a, b in zip(kernel[channel].ravel(), window, strict=True))
                self.arena[target.address(*place, channel)] = value % 256
            return
        for channel in range(target.channels):
            multiplier = op.multiplier if isinstance(op, DepthwiseConv2D) else 1
            seen = [tap(corner[0] + i, corner[1] + j, channel // multiplier) for i, j in taps]
            inside = [value for value in seen if value is not None]
            if isinstance(op, DepthwiseConv2D):
                kernel = weights(node, *op.kernel, target.channels)[..., channel].ravel()
                value = sum(int(a) * (b or 0) for a, b in zip(kernel, seen, strict=True))
            elif isinstance(op, AveragePool2D):
                value = sum(inside) // len(inside)
            else:
                assert isinstance(op, MaxPool2D)
                value = max(inside)
            self.arena[target.address(*place, channel)] = value % 256


def expected(graph: Graph, image: bytes) -> dict[str, npt.NDArray[np.int64]]:
    """Every tensor, on whole arrays."""
    tensors = {INPUT: np.frombuffer(image, np.uint8).astype(np.int64).reshape(graph.input_shape)}
    for node in graph.nodes:
        tensors[node.name] = _whole(node, [tensors[name] for name in node.inputs]) % 256
    return tensors


def _whole(node: Node, sources: list[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    op: Any = node.op
    x = sources[0]
    match op:
        case Conv2D():
            kernel = weights(node, op.filters, *op.kernel, x.shape[2])
            return np.einsum("hwijc,fijc->hwf", _slide(op, x, 0), kernel)
        case DepthwiseConv2D():
            kernel = weights(node, *op.kernel, node.shape[2])
            windows = np.repeat(_slide(op, x, 0), op.multiplier, axis=-1)
            return np.einsum("hwijc,ijc->hwc", windows, kernel)
        case AveragePool2D():
            sums = _slide(op, x, 0).sum((2, 3))
            return sums // _slide(op, np.ones_like(x), 0).sum((2, 3))
        case MaxPool2D():
            return _slide(op, x, -1).max((2, 3))
        case Pad():
            return np.pad(x, (op.rows, op.columns, op.channels))
        case Activation():
            return x * 3 + 1
        case Sub():
            return x - weights(node, x.shape[-1])
        case Add():
            return x + sources[1]
        case Mul():
            return x * sources[1]
        case Concat():
            return np.concatenate(sources, axis=2)
        case Softmax():
            return x * 5 + x.sum(-1, keepdims=True)
        case Mean():
            return x.sum((0, 1), keepdims=op.keep_dims)
        case Dense():
            return weights(node, op.units, x.shape[0]) @ x
        case Transpose():
            return x.transpose(op.order)
        case StridedSlice():
            return x[tuple(slice(*bounds) for bounds in zip(op.begin, op.end, op.strides, strict=True))]
        case _:
            assert isinstance(op, Reshape)
            return x.reshape(op.shape)


def _slide(op: Any, x: npt.NDArray[np.int64], fill: int) -> npt.NDArray[np.int64]:
    """Windows (height, width, kernel rows, kernel columns, channels)."""
    extent = extent_of(op)
    if op.padding == "same":
        totals = [
            max((-(-size // step) - 1) * step + window - size, 0)
            for size, step, window in zip(x.shape, op.stride, extent, strict=False)
        ]
        x = np.pad(x, (*((total // 2, total - total // 2) for total in totals), (0, 0)), constant_values=fill)
    windows = np.lib.stride_tricks.sliding_window_view(x, extent, axis=(0, 1))
    down, right = getattr(op, "dilation", (1, 1))
    return windows[:: op.stride[0], :: op.stride[1], :, ::down, ::right].transpose(0, 1, 3, 4, 2)
