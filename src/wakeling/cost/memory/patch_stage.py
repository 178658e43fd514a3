"""A prefix of a network that runs once for each patch of its output: its RAM, its MACs, its plan.

Which prefixes there are is in `patch_stages`, choosing among them in `patched`, the geometry in
`patch_regions`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from wakeling.cost.counts import count
from wakeling.cost.memory.patch_bounds import Least
from wakeling.cost.memory.patch_regions import AxisReads, needed, splits
from wakeling.cost.memory.plan import MemoryPlan, PatchOption
from wakeling.cost.memory.scratch import ring_pixel_bytes, row_terms
from wakeling.cost.memory.storage import Piece
from wakeling.cost.memory.wakeling_c import ALIGNMENT, aligned, arranged
from wakeling.cost.memory.windows import extent_of
from wakeling.graph import INPUT
from wakeling.ops import AveragePool2D, Conv2D, DepthwiseConv2D, MaxPool2D

if TYPE_CHECKING:
    from wakeling.cost.memory.patch_stages import Stages


class Part(NamedTuple):
    """Storage of one patch: the region of `tensors[0]`, over which the others are computed in place."""

    tensors: tuple[str, ...]
    first: int
    last: int
    block: int


class Stage:
    """The first `length` operators; `rest` is the peak of what follows on whole images.

    `whole` bytes are held while it runs: its output, and the network's input where it is in RAM.
    """

    def __init__(self, stages: Stages, *, length: int, rest: int, whole: int) -> None:
        self.length = length
        self.rest = rest
        self._all = stages
        self._graph = stages.graph
        self._nodes = stages.graph.nodes[:length]
        self._output = self._nodes[-1].name
        self._whole = whole
        self._lengths_of: dict[tuple[int, int], tuple[list[int], list[int]]] = {}

    @functools.cached_property
    def _bounds(self) -> list[Least]:
        known = [view.least_by_parts(self._nodes[-1], self._all.most_patches) for view in self._all.views]
        return [bound for bound in known if bound is not None]

    def bound(self, rows: int, columns: int) -> int:
        """What the peak, of the stage and of the rest, cannot go below on this grid."""
        seen = self._whole
        for high, wide, size in self._bounds:
            seen += high[rows - 1] * wide[columns - 1] * size
        return max(self.rest, seen)

    def grids(self) -> Iterator[tuple[int, int]]:
        """Rows × columns of patches, finest first, without the single patch."""
        most = self._all.most_patches
        height, width = self._nodes[-1].shape[:2]
        for rows in range(min(most, height), 0, -1):
            for columns in range(min(most, width), 0, -1):
                if rows * columns > 1:
                    yield rows, columns

    def peak(self, rows: int, columns: int) -> int:
        """Bytes held at most while the stage runs."""
        high, wide = self._lengths(0, rows)[0], self._lengths(1, columns)[0]
        change = [0] * (self.length + 1)
        for number, pixel_bytes, first, last in self._held:
            size = (high[number] * wide[number] * pixel_bytes + ALIGNMENT - 1) & -ALIGNMENT
            change[first] += size
            change[last + 1] -= size
        for _, size, step in self._box_scratch(high, wide):
            size = aligned(size)
            change[step] += size
            change[step + 1] -= size
        held: list[int] = list(map(operator.add, itertools.accumulate(change[:-1]), self._gathered))
        return self._whole + max(held)

    def added_macs(self, rows: int, columns: int) -> int:
        """MACs of all patches less those of the whole image, padding counted as pixels.

        Where a later operator skips rows or columns of a tensor, patches do not compute them; then
        the number can be negative.
        """
        high, wide = self._lengths(0, rows)[1], self._lengths(1, columns)[1]
        return sum([macs * (high[number] * wide[number] - area) for number, macs, area in self._pixel_macs])

    def option(self, rows: int, columns: int, peak_bytes: int | None = None) -> PatchOption:
        """The stage on one grid as a row of the trade; `peak_bytes` once all is placed in an arena."""
        peak = self.peak(rows, columns)
        return PatchOption(
            operators=self.length,
            last=self._output,
            rows=rows,
            columns=columns,
            peak_bytes=max(peak, self.rest) if peak_bytes is None else peak_bytes,
            stage_bytes=peak,
            rest_bytes=self.rest,
            added_macs=self.added_macs(rows, columns),
        )

    def plan(self, rows: int, columns: int) -> MemoryPlan:
        """The stage on one grid and what follows, placed in one arena."""
        shared, graph = self._all, self._graph
        high, wide = self._lengths(0, rows)[0], self._lengths(1, columns)[0]
        pieces: list[Piece] = []
        blocks: dict[int, int] = {}

        def add(size: int, first: int, last: int, block: int, tensors: list[str]) -> None:
            pieces.append(Piece(size, first, last, blocks.setdefault(block, len(blocks)), tensors))

        if not shared.streams_input:
            add(graph.sizes[INPUT], 0, self.length - 1, -1, [INPUT])
        for part in self._parts:
            number = self._numbers[part.tensors[0]]
            size = high[number] * wide[number] * shared.pixel_bytes(part.tensors[0])
            add(size, part.first, part.last, part.block, list(part.tensors))
        output = next(piece for piece in shared.pieces if self._output in piece.tensors)
        behind = output.tensors[output.tensors.index(self._output) :]
        add(graph.sizes[self._output], 0, output.last, -2, behind)
        for piece in shared.pieces:
            if piece.first >= self.length and piece is not output:
                block = -2 if piece.block == output.block else piece.block + len(graph.nodes) + 1
                add(piece.size, piece.first, piece.last, block, piece.tensors)
        scratch = self._box_scratch(high, wide) + self._windows
        scratch += [request for request in shared.scratch if request[2] >= self.length]
        plan = arranged("patched", pieces, scratch, len(graph.nodes))
        return dataclasses.replace(plan, patch=self.option(rows, columns, plan.peak_bytes))

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        """Tensors by number: the network's input, then the operators' outputs."""
        return {INPUT: 0, **{node.name: index for index, node in enumerate(self._nodes, 1)}}

    @functools.cached_property
    def _reads(self) -> tuple[AxisReads, AxisReads]:
        """Along rows and along columns; one list twice where they are the same."""
        numbers, rows, columns = self._numbers, [], []
        for target, reads in enumerate(self._all.reads[: self.length], 1):
            for tensor, read_rows, read_columns in reads:
                rows.append((target, numbers[tensor], *read_rows))
                columns.append((target, numbers[tensor], *read_columns))
        height, width = self._nodes[-1].shape[:2]
        return (rows, rows) if height == width and rows == columns else (rows, columns)

    def _lengths(self, axis: int, parts: int) -> tuple[list[int], list[int]]:
        """Along one axis: the longest interval of each tensor, and the sum over all patches."""
        reads = self._reads[axis]
        if reads is self._reads[0]:
            axis = 0
        known = self._lengths_of.get((axis, parts))
        if known is None:
            each = [
                needed(reads, self.length + 1, interval)
                for interval in splits(self._nodes[-1].shape[axis], parts)
            ]
            together = list(zip(*each, strict=True))
            known = list(map(max, together)), list(map(sum, together))
            self._lengths_of[axis, parts] = known
        return known

    @functools.cached_property
    def _pixel_macs(self) -> list[tuple[int, int, int]]:
        """(tensor, MACs of one pixel, pixels of the whole image) of every operator with MACs."""
        found = []
        for number, node in enumerate(self._nodes, 1):
            area = math.prod(node.shape[:2])
            macs = count(node.op, self._graph.shapes[node.inputs[0]], node.shape).macs
            if macs:
                found.append((number, macs // area, area))
        return found

    @functools.cached_property
    def _held(self) -> list[tuple[int, int, int, int]]:
        """(tensor, bytes of a pixel, first step, last step) of all that a patch holds but for rings."""
        shared, numbers = self._all, self._numbers
        return [
            (numbers[tensors[0]], shared.pixel_bytes(tensors[0]), first, last)
            for tensors, first, last, _ in self._parts
        ]

    @functools.cached_property
    def _windows(self) -> list[tuple[str, int, int]]:
        """(name, bytes, step) of the windows that convolutions gather; the same on every patch."""
        return [
            (name, size - self._all.rings.get(self._nodes[step].name, 0), step)
            for name, size, step in self._all.scratch
            if step < self.length and type(self._nodes[step].op) is Conv2D
        ]

    @functools.cached_property
    def _gathered(self) -> list[int]:
        """Bytes of gathered windows at each step."""
        sizes = [0] * self.length
        for _, size, step in self._windows:
            sizes[step] = aligned(size)
        return sizes

    def _box_scratch(self, high: list[int], wide: list[int]) -> list[tuple[str, int, int]]:
        """(name, bytes, step) of what depends on the patch: a pool's ring, a depthwise convolution's rows.

        By the formulas of `scratch`, from the largest heights and widths of each tensor's part.
        """
        rings, rows = self._ring_terms, self._row_terms
        found = [
            (name, min(high[number], most_rows) * wide[number] * pixel_bytes, step)
            for name, number, step, most_rows, pixel_bytes in rings
        ]
        for name, number, step, count_, pixel_bytes, stride, span in rows:
            if wide[number]:
                columns = (wide[number] - 1) * stride + span
                found.append((name, count_ * ((columns + 3) & -4) * pixel_bytes, step))
        return found

    @functools.cached_property
    def _ring_terms(self) -> list[tuple[str, int, int, int, int]]:
        """(name, tensor that is read, step, most rows, bytes of a pixel) of each ring of a pool."""
        shared, numbers = self._all, self._numbers
        return [
            (
                f"{node.name}/scratch",
                numbers[node.inputs[0]],
                step,
                extent_of(node.op)[0],
                ring_pixel_bytes(node, self._graph),
            )
            for step, node in enumerate(self._nodes)
            if isinstance(node.op, AveragePool2D | MaxPool2D)
            and node.name in shared.rings
            and not self._is_apart(node.name)
        ]

    @functools.cached_property
    def _row_terms(self) -> list[tuple[str, int, int, int, int, int, int]]:
        """(name, output, step, then `scratch.row_terms`) of each depthwise convolution."""
        return [
            (f"{node.name}/scratch", self._numbers[node.name], step, *row_terms(node, self._graph))
            for step, node in enumerate(self._nodes)
            if type(node.op) is DepthwiseConv2D
        ]

    @functools.cached_property
    def _parts(self) -> list[Part]:
        """The storage of one patch, from the pieces of whole images.

        A piece is cut where the stage needs a tensor apart: before the stage's output, which is whole, and
        at the operators in `Stages.apart`. What such an operator reads is held while it runs.
        """
        parts: list[Part] = []
        blocks = itertools.count()
        current: dict[int, int] = {}
        for piece in self._all.pieces:
            if piece.first >= self.length:
                continue
            group: list[str] = []
            first = piece.first
            block = current.get(piece.block, -1)
            for tensor in piece.tensors:
                step = self._all.steps.get(tensor, 0)
                if step >= self.length or tensor in self._all.pads:
                    continue
                is_apart = self._is_apart(tensor)
                if group and is_apart:
                    parts.append(Part(tuple(group), first, step, block))
                    group = []
                elif is_apart:
                    self._hold_until(parts, block, step)
                if tensor == self._output or (tensor == INPUT and not self._all.streams_input):
                    continue
                if not group and (is_apart or block < 0 or tensor == INPUT):
                    block, first = next(blocks), step
                group.append(tensor)
            if group:
                parts.append(Part(tuple(group), first, min(piece.last, self.length - 1), block))
            current[piece.block] = block
        return parts

    @staticmethod
    def _hold_until(parts: list[Part], block: int, step: int) -> None:
        """Hold the last part of a block for an operator that does not write over it after all."""
        for index in range(len(parts) - 1, -1, -1):
            if parts[index].block == block:
                parts[index] = parts[index]._replace(last=max(parts[index].last, step))
                return

    def _is_apart(self, tensor: str) -> bool:
        """Whether an operator's output must not lie over its input in this stage."""
        return tensor == self._output or tensor in self._all.apart
