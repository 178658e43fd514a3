"""A prefix of a network that runs once for each patch of its output: its RAM, its MACs, its plan.

Choosing among stages and grids is in `patched`, the geometry in `patch_regions`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass

from wakeling.cost.counts import count
from wakeling.cost.memory.patch_regions import (
    HERE,
    AxisReads,
    Reach,
    Read,
    least_pixels,
    least_pixels_inside,
    local_reads,
    needed,
    reads_all,
    splits,
    through,
)
from wakeling.cost.memory.plan import MemoryPlan, PatchOption
from wakeling.cost.memory.storage import Piece, storage
from wakeling.cost.memory.wakeling_c import ALIGNMENT, alias_rule, arranged, in_place_rule, kernel_scratch
from wakeling.cost.memory.windows import WINDOWED, extent_of, fused_pads
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import ELEMENT_BYTES


@dataclass(frozen=True, slots=True)
class Part:
    """Storage of one patch: the region of `tensors[0]`, over which the others are computed in place."""

    tensors: tuple[str, ...]
    first: int
    last: int
    block: int


class Stages:
    """The stages of a graph, shortest first, with what they share: the plan of whole images."""

    def __init__(self, graph: Graph, *, most_patches: int, streams_input: bool) -> None:
        self.graph = graph
        self.most_patches = most_patches
        self.streams_input = streams_input
        self.pads = fused_pads(graph)
        self.pieces, self.rings = storage(graph, graph.nodes, in_place_rule(self.pads), alias_rule(self.pads))
        self.scratch = kernel_scratch(graph, self.pads, self.rings)
        self.live = self._live()
        self.reads: list[tuple[Read, ...]] = []
        self.steps = {node.name: step for step, node in enumerate(graph.nodes)}

    def __iter__(self) -> Iterator[Stage]:
        """Every prefix of local operators behind which its own output is all that is read later.

        Only a prefix that holds the first step of the peak can save anything; shorter ones come too.
        """
        graph, most = self.graph, self.most_patches
        rest = list(itertools.accumulate(reversed(self.live), max))[::-1]
        held = 0 if self.streams_input else aligned(graph.sizes[INPUT])
        outputs = {step: aligned(graph.sizes[graph.nodes[step].name]) for step in self._cuts()}
        behind = dict(
            zip(reversed(outputs), itertools.accumulate(reversed(outputs.values()), min), strict=True)
        )
        views = [View(graph, name) for name in self._at_peak()]
        needed_for_sure = 0
        read_whole: set[str] = set()
        read_in_part: set[str] = set()
        for step, node in enumerate(graph.nodes[:-1]):
            reads = local_reads(graph, node, self.pads)
            if reads is None:
                return
            self.reads.append(reads)
            for read in reads:
                (read_whole if reads_all(node, read) else read_in_part).add(read.tensor)
            for view in views:
                view.extend(node, reads)
            if step in outputs:
                seen = sum([view.least_bytes(node, most) for view in views])
                needed_for_sure = max(needed_for_sure, seen) if read_in_part <= read_whole else 0
                yield Stage(
                    self,
                    length=step + 1,
                    rest=rest[step + 1],
                    whole=held + outputs[step],
                    least=max(rest[step + 1], held + outputs[step] + seen),
                    least_behind=held + behind[step] + needed_for_sure,
                    views=views,
                )

    def _cuts(self) -> list[int]:
        """The steps behind which their own output is all that is read later."""
        graph = self.graph
        last = {INPUT: 0}
        for step, node in enumerate(graph.nodes):
            for name in node.inputs:
                last[name] = step
            last[node.name] = step
        last[graph.output] = len(graph.nodes)
        latest = last[INPUT]
        found = []
        for step, node in enumerate(graph.nodes[:-1]):
            until = last[node.name]
            if latest <= step < until and node.name not in self.pads:
                found.append(step)
            latest = max(latest, until)
        return found

    def pixel_bytes(self, tensor: str) -> int:
        """Bytes of one pixel of an image."""
        return self.graph.shapes[tensor][2] * ELEMENT_BYTES[self.graph.types[tensor]]

    def _at_peak(self) -> list[str]:
        """The tensors whose regions are held at the first step of the peak, but for a whole input.

        Of tensors that are computed in place over each other it is the first one, or the first behind
        a cut (`Stage` does so).
        """
        peak = self.live.index(max(self.live))
        found = []
        for piece in self.pieces:
            if piece.first <= peak <= piece.last:
                holder = INPUT
                for name in piece.tensors:
                    is_made = self.steps.get(name, 0) <= peak and name not in self.pads
                    if is_made and (holder == INPUT or self.is_apart(name)):
                        holder = name
                if holder != INPUT or self.streams_input:
                    found.append(holder)
        return found

    def is_apart(self, tensor: str) -> bool:
        """Whether an operator's output must not lie over its input in any stage."""
        step = self.steps.get(tensor)
        if step is None:
            return False
        return any(name == INPUT or name in self.pads for name in self.graph.nodes[step].inputs)

    def _live(self) -> list[int]:
        change = [0] * (len(self.graph.nodes) + 1)
        for piece in self.pieces:
            size = aligned(piece.size)
            change[piece.first] += size
            change[piece.last + 1] -= size
        for _, size, step in self.scratch:
            change[step] += aligned(size)
            change[step + 1] -= aligned(size)
        return list(itertools.accumulate(change[:-1]))


Least = tuple[list[int], list[int], int]


class View:
    """How every operator behind a tensor sees it, along rows and columns."""

    def __init__(self, graph: Graph, tensor: str) -> None:
        self._shape = graph.shapes[tensor]
        self._bytes = math.prod(self._shape[2:]) * ELEMENT_BYTES[graph.types[tensor]]
        self._reaches: dict[str, tuple[Reach, Reach]] = {tensor: (HERE, HERE)}
        self._tensor = tensor

    def extend(self, node: Node, reads: tuple[Read, ...]) -> None:
        """Go on to the next operator; of several paths the one that sees most gives the best bound."""
        widest = -1
        for tensor, rows, columns in reads:
            reach = self._reaches.get(tensor)
            if reach is None:
                continue
            high = through(reach[0], rows)
            if high[1] + high[2] > widest:
                widest = high[1] + high[2]
                same = rows == columns and reach[0] == reach[1]
                self._reaches[node.name] = high, (high if same else through(reach[1], columns))

    def least_bytes(self, node: Node, most: int) -> int:
        """What the largest of most × most patches of a node's output, or of fewer, needs at least."""
        reaches = self._reaches.get(node.name)
        if reaches is None or node.name == self._tensor:
            return 0
        shape, target = self._shape, node.shape
        high = least_pixels(reaches[0], shape[0], target[0], most)
        return high * least_pixels(reaches[1], shape[1], target[1], most) * self._bytes

    def least_by_parts(self, node: Node, most: int) -> Least | None:
        """The same by the number of parts: rows for 1 … `most`, columns, and bytes of a pixel."""
        reaches = self._reaches.get(node.name)
        if reaches is None or node.name == self._tensor:
            return None
        shape, target, parts = self._shape, node.shape, range(1, most + 1)
        high, wide = (
            [least_pixels_inside(reaches[axis], shape[axis], target[axis], count_) for count_ in parts]
            for axis in (0, 1)
        )
        return high, wide, self._bytes


class Stage:
    """The first `length` operators; `rest` is the peak of what follows on whole images.

    `whole` bytes are held while it runs: its output, and the network's input where it is in RAM. No
    grid of this stage gives a peak below `least`, and none of a longer stage one below `least_behind`.
    """

    def __init__(
        self,
        stages: Stages,
        *,
        length: int,
        rest: int,
        whole: int,
        least: int,
        least_behind: int,
        views: list[View],
    ) -> None:
        self.length = length
        self.rest = rest
        self.least = least
        self.least_behind = least_behind
        self._all = stages
        self._graph = stages.graph
        self._nodes = stages.graph.nodes[:length]
        self._output = self._nodes[-1].name
        self._whole = whole
        self._views = views
        self._lengths_of: dict[tuple[int, int], tuple[list[int], list[int]]] = {}

    @functools.cached_property
    def _bounds(self) -> list[Least]:
        known = [view.least_by_parts(self._nodes[-1], self._all.most_patches) for view in self._views]
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
        for number, pixel_bytes, first, last, most_rows in self._held:
            tall = high[number]
            size = (tall if tall < most_rows else most_rows) * wide[number] * pixel_bytes
            size = (size + ALIGNMENT - 1) & -ALIGNMENT
            change[first] += size
            change[last + 1] -= size
        held: list[int] = list(map(operator.add, itertools.accumulate(change[:-1]), self._gathered))
        return self._whole + max(held)

    def added_macs(self, rows: int, columns: int) -> int:
        """MACs of all patches less those of the whole image, padding counted as pixels.

        Where a later operator skips rows or columns of a tensor, patches do not compute them; then
        the number can be negative.
        """
        high, wide = self._lengths(0, rows)[1], self._lengths(1, columns)[1]
        return sum([macs * (high[number] * wide[number] - area) for number, macs, area in self._pixel_macs])

    def option(self, rows: int, columns: int) -> PatchOption:
        """The stage on one grid as a row of the trade."""
        peak = self.peak(rows, columns)
        return PatchOption(
            operators=self.length,
            last=self._output,
            rows=rows,
            columns=columns,
            peak_bytes=max(peak, self.rest),
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
        scratch = [
            (name, min(high[number], most_rows) * wide[number] * pixel_bytes, step)
            for name, number, pixel_bytes, step, most_rows in self._rings
        ]
        scratch += [
            request for request in shared.scratch if request[2] >= self.length or self._is_gathered(request)
        ]
        plan = arranged("patched", pieces, scratch, len(graph.nodes))
        option = dataclasses.replace(self.option(rows, columns), peak_bytes=plan.peak_bytes)
        return dataclasses.replace(plan, patch=option)

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
            known = [max(lengths) for lengths in together], [sum(lengths) for lengths in together]
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
    def _held(self) -> list[tuple[int, int, int, int, int]]:
        """(tensor, bytes of a pixel, first step, last step, most rows) of all that a patch holds."""
        everything = 1 << 60
        shared, numbers = self._all, self._numbers
        found = [
            (numbers[part.tensors[0]], shared.pixel_bytes(part.tensors[0]), part.first, part.last, everything)
            for part in self._parts
        ]
        found += [(number, pixel, step, step, rows) for _, number, pixel, step, rows in self._rings]
        return found

    @functools.cached_property
    def _gathered(self) -> list[int]:
        """Bytes of the gathered window at each step; the same on every patch."""
        sizes = [0] * self.length
        for name, size, step in self._all.scratch:
            if step < self.length and self._is_gathered((name, size, step)):
                sizes[step] = aligned(size)
        return sizes

    @functools.cached_property
    def _rings(self) -> list[tuple[str, int, int, int, int]]:
        """(name, tensor, bytes of a pixel, step, most rows) of the rings of rows that a patch needs."""
        shared = self._all
        found = []
        for name, _, step in shared.scratch:
            if step >= self.length:
                break
            node = self._nodes[step]
            if node.name in shared.rings and not self._is_apart(node.name):
                assert isinstance(node.op, WINDOWED)
                source = node.inputs[0]
                rows = extent_of(node.op)[0]
                found.append((name, self._numbers[source], shared.pixel_bytes(source), step, rows))
        return found

    def _is_gathered(self, request: tuple[str, int, int]) -> bool:
        """Whether scratch is a convolution's window, which is the same on every patch."""
        return self._nodes[request[2]].name not in self._all.rings

    @functools.cached_property
    def _parts(self) -> list[Part]:
        """The storage of one patch, from the pieces of whole images.

        A piece is cut where the stage needs a tensor apart: behind the network's input and before
        the stage's output, which are whole, and at an operator with a fused pad.
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
                if tensor == self._output or (tensor == INPUT and not self._all.streams_input):
                    continue
                if not group and (is_apart or block < 0 or tensor == INPUT):
                    block, first = next(blocks), step
                group.append(tensor)
            if group:
                parts.append(Part(tuple(group), first, min(piece.last, self.length - 1), block))
            current[piece.block] = block
        return parts

    def _is_apart(self, tensor: str) -> bool:
        """Whether an operator's output must not lie over its input in this stage."""
        return tensor == self._output or self._all.is_apart(tensor)


def aligned(size: int) -> int:
    """`size` filled up to the arena's alignment."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT
