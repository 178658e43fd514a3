"""Sliding windows in the arena, in the order of our own C's kernels, through their scratch.

What runs them, and every other operator, is in `arena_machine`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.cost.memory.whole_arrays import weights
from wakeling.cost.memory.windows import extent_of, margins_of
from wakeling.graph import Node
from wakeling.ops import AveragePool2D, Conv2D, DepthwiseConv2D, Pad

if TYPE_CHECKING:
    from tests.cost.memory.arena_machine import Box, Machine, Region

Pixel = tuple[int, int]


def slide(machine: Machine, node: Node, source: Region, target: Region, box: Box) -> None:
    """One windowed operator, from a region of its image to a box of its output."""
    pad = machine.pads.get(node.inputs[0])
    shapes = machine.graph.shapes
    job = Job(
        machine=machine,
        node=node,
        source=source,
        target=target,
        box=box,
        image=shapes[node.inputs[0] if pad is None else pad.inputs[0]],
        margins=margins_of(node.op, shapes[node.inputs[0]], pad),  # type: ignore[arg-type]  # one of WINDOWED
        pad=pad,
    )
    kernels: dict[type, Callable[[Job], None]] = {Conv2D: _convolution, DepthwiseConv2D: _depthwise}
    kernels.get(type(node.op), _pool)(job)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One windowed operator and where its image and its output lie; `image` is the whole one's shape."""

    machine: Machine
    node: Node
    source: Region
    target: Region
    box: Box
    image: tuple[int, ...]
    margins: Pixel
    pad: Node | None

    @property
    def in_place(self) -> bool:
        """Whether the output lies over the image."""
        return self.source.offset == self.target.offset

    @property
    def taps(self) -> list[Pixel]:
        """Rows and columns from a window's corner."""
        op: Any = self.node.op
        rows, columns = op.kernel if isinstance(op, Conv2D | DepthwiseConv2D) else op.pool
        down, right = getattr(op, "dilation", (1, 1))
        return [(i * down, j * right) for i in range(rows) for j in range(columns)]

    def corner(self, row: int, column: int) -> Pixel:
        """Where the window of an output starts in the whole image."""
        op: Any = self.node.op
        return row * op.stride[0] - self.margins[0], column * op.stride[1] - self.margins[1]

    def is_inside(self, y: int, x: int) -> bool:
        """Whether a pixel is one of the whole image, and no margin."""
        return 0 <= y < self.image[0] and 0 <= x < self.image[1]

    def is_value(self, y: int, x: int) -> bool:
        """Whether a pixel counts: a fused pad's zeros are values, TFLite's padding is none."""
        if self.pad is None or self.is_inside(y, x):
            return self.is_inside(y, x)
        assert isinstance(self.pad.op, Pad)
        (above, below), (left, right) = self.pad.op.rows, self.pad.op.columns
        return -above <= y < self.image[0] + below and -left <= x < self.image[1] + right

    def scratch(self, size: int) -> int:
        """Where the kernel's scratch starts, if it needs `size` bytes."""
        buffer = self.machine.scratch.get(f"{self.node.name}/scratch")
        needed = self.machine.needed
        needed[self.node.name] = max(size, needed.get(self.node.name, 0))
        assert size <= (0 if buffer is None else buffer.size_bytes), self.node.name
        return 0 if buffer is None else buffer.offset_bytes or 0


Rows = Callable[[int, int], int]
"""Where the pixel of a row and a column lies in memory."""


def _load_rows(job: Job, start: int, lanes: range) -> Iterator[None]:
    """Copies rows of an image, some channels of it, to a ring: for each row of windows what is new."""
    machine, source = job.machine, job.source
    op: Any = job.node.op
    extent = extent_of(op)[0]
    ring_rows = min(extent, source.height)
    loaded = source.rows[0]
    for row in range(*job.box[0]):
        below = job.corner(row, 0)[0] + extent
        while loaded < min(below, source.rows[1]):
            slot = start + (loaded - source.rows[0]) % ring_rows * source.width * len(lanes)
            for column in range(source.width):
                begin = source.address(loaded, source.columns[0] + column, lanes[0])
                values = machine.arena[begin : begin + len(lanes)]
                machine.arena[slot + column * len(lanes) : slot + (column + 1) * len(lanes)] = values
            loaded += 1
        yield


def _in_ring(job: Job, start: int, lanes: range) -> Rows:
    """Where a pixel lies in such a ring."""
    source = job.source
    ring_rows = min(extent_of(job.node.op)[0], source.height)  # type: ignore[arg-type]  # one of WINDOWED
    row_bytes = source.width * len(lanes)
    return lambda y, x: (
        start + (y - source.rows[0]) % ring_rows * row_bytes + (x - source.columns[0]) * len(lanes)
    )


def _convolution(job: Job) -> None:
    """Windows of `at_once` pixels are gathered, as int16 in fours or int8 in sixteens, then filtered.

    Pointwise ones go pixel by pixel over rows, backward where an output in place is larger; others row by
    row, in place with a ring of rows behind the windows.
    """
    op, source = job.node.op, job.source
    assert isinstance(op, Conv2D)
    values = op.kernel[0] * op.kernel[1] * (source.channels // op.groups)
    windows = 3 * max(2 * (-(-values // 4) * 4), -(-values // 16) * 16)
    pixels = list(itertools.product(range(*job.box[0]), range(*job.box[1])))
    step = job.machine.at_once
    if op.kernel == op.stride == (1, 1) and op.groups == 1 and job.pad is None:
        start = job.scratch(windows)
        chunks = [pixels[first : first + step] for first in range(0, len(pixels), step)]
        if job.in_place and op.filters > source.channels:
            chunks = [pixels[max(0, end - step) : end] for end in range(len(pixels), 0, -step)]
        for chunk in chunks:
            _filter(job, chunk, start, source.address)
        return
    ring = min(extent_of(op)[0], source.height) * source.width * source.channels if job.in_place else 0
    start = job.scratch(windows + ring)
    lanes = range(source.channels)
    at = _in_ring(job, start + windows, lanes) if job.in_place else source.address
    rows = _load_rows(job, start + windows, lanes) if job.in_place else itertools.repeat(None)
    for row, _ in zip(range(*job.box[0]), rows, strict=False):
        line = [(row, column) for column in range(*job.box[1])]
        for first in range(0, len(line), step):
            _filter(job, line[first : first + step], start, at)


def _filter(job: Job, pixels: list[Pixel], start: int, at: Rows) -> None:
    """Gather the windows of some pixels, group by group, and write their outputs."""
    op, arena, depth = job.node.op, job.machine.arena, job.source.channels
    assert isinstance(op, Conv2D)
    each, filters = depth // op.groups, op.filters // op.groups
    kernel = weights(job.node, op.filters, *op.kernel, each).reshape(op.filters, -1)
    values = kernel.shape[1]
    is_wide = job.machine.lanes == 1
    window_bytes = 2 * (-(-values // 4) * 4) if is_wide else -(-values // 16) * 16
    for group in range(op.groups):
        for number, pixel in enumerate(pixels):
            top, left = job.corner(*pixel)
            window = bytearray()
            for i, j in job.taps:
                y, x = top + i, left + j
                if job.is_inside(y, x):
                    begin = at(y, x) + group * each
                    window += arena[begin : begin + each]
                else:
                    window += bytes(each)
            window += bytes((-(-values // 4) * 4 if is_wide else window_bytes) - values)
            slot = start + number * window_bytes
            arena[slot : slot + window_bytes] = b"".join(bytes((v, 0)) for v in window) if is_wide else window
        for number, pixel in enumerate(pixels):
            slot = start + number * window_bytes
            seen = np.frombuffer(bytes(arena[slot : slot + window_bytes]), np.uint16 if is_wide else np.uint8)
            sums = kernel[group * filters : (group + 1) * filters] @ seen[:values].astype(np.int64)
            begin = job.target.address(*pixel, group * filters)
            arena[begin : begin + filters] = (sums % 256).astype(np.uint8).tobytes()


def _depthwise(job: Job) -> None:
    """Some channels at a time, from top to bottom, through rows in scratch with margins filled in."""
    op, source, target, machine = job.node.op, job.source, job.target, job.machine
    assert isinstance(op, DepthwiseConv2D)
    extent, wide = extent_of(op)
    span = (job.box[1][1] - job.box[1][0] - 1) * op.stride[1] + wide
    row_bytes = -(-(span + 3) // 4) * 4 * 4
    start = job.scratch(extent * row_bytes)
    kernel = weights(job.node, *op.kernel, target.channels).reshape(-1, target.channels)
    top, left = job.corner(job.box[0][0], job.box[1][0])
    width = 2 if machine.lanes == 1 else 1  # bytes of a value
    for first in range(0, source.channels, machine.lanes):
        lanes = min(machine.lanes, source.channels - first)

        def slot(y: int, x: int, lane: int) -> int:
            pixel = x - left
            assert 0 <= pixel < span
            return start + (y - top) % extent * row_bytes + (pixel * machine.lanes + lane) * width

        loaded = top
        for row in range(*job.box[0]):
            above = job.corner(row, 0)[0]
            loaded = max(loaded, above)
            while loaded < above + extent:
                for x, lane in itertools.product(range(left, left + span), range(lanes)):
                    place, inside = slot(loaded, x, lane), job.is_inside(loaded, x)
                    value = machine.arena[source.address(loaded, x, first + lane)] if inside else 0
                    machine.arena[place : place + width] = value.to_bytes(width, "little")
                loaded += 1
            for column in range(*job.box[1]):
                corner = job.corner(row, column)
                for lane, copy in itertools.product(range(lanes), range(op.multiplier)):
                    channel = (first + lane) * op.multiplier + copy
                    total = 0
                    for (i, j), weight in zip(job.taps, kernel[:, channel], strict=True):
                        place = slot(corner[0] + i, corner[1] + j, lane)
                        value = int.from_bytes(machine.arena[place : place + width], "little")
                        total += value * int(weight)
                    machine.arena[target.address(row, column, channel)] = total % 256


def _pool(job: Job) -> None:
    """Straight from the image, or in place with a margin four channels at a time through a ring."""
    op: Any = job.node.op
    source, box = job.source, job.box
    if not job.in_place or job.margins == (0, 0):
        job.scratch(0)
        for row, column in itertools.product(range(*box[0]), range(*box[1])):
            _pool_pixel(job, (row, column), range(source.channels), source.address)
        return
    height = min(extent_of(op)[0], source.height)
    start = job.scratch(height * source.width * min(4, source.channels))
    for first in range(0, source.channels, 4):
        lanes = range(first, min(first + 4, source.channels))
        at = _in_ring(job, start, lanes)
        rows = _load_rows(job, start, lanes)
        for row, _ in zip(range(*box[0]), rows, strict=True):
            for column in range(*box[1]):
                _pool_pixel(job, (row, column), lanes, at)


def _pool_pixel(job: Job, pixel: Pixel, lanes: range, at: Rows) -> None:
    """Channels of one window; `at` says where the first of them lies in a pixel."""
    arena = job.machine.arena
    top, left = job.corner(*pixel)
    places = [(top + i, left + j) for i, j in job.taps if job.is_value(top + i, left + j)]
    for number, channel in enumerate(lanes):
        seen = [arena[at(y, x) + number] if job.is_inside(y, x) else 0 for y, x in places]
        value = sum(seen) // len(seen) if isinstance(job.node.op, AveragePool2D) else max(seen)
        arena[job.target.address(*pixel, channel)] = value
