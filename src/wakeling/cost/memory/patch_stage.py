"""A prefix of a network that runs once for each patch of its output: its RAM, its MACs, its plan.

Choosing among stages and grids is in `patched`, the geometry in `patch_regions`.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from wakeling.cost.counts import count
from wakeling.cost.memory.patch_regions import (
    HERE,
    AxisReads,
    Reach,
    Read,
    axis_reads,
    local_reads,
    needed,
    reads_all,
    splits,
)
from wakeling.cost.memory.plan import MemoryPlan, PatchOption
from wakeling.cost.memory.storage import Piece, storage
from wakeling.cost.memory.wakeling_c import ALIGNMENT, alias_rule, arranged, in_place_rule, kernel_scratch
from wakeling.cost.memory.windows import WINDOWED, extent_of, fused_pads
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import ELEMENT_BYTES

Lengths = dict[str, int]


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
        views = [Views(graph, name) for name in self._at_peak()]
        needed_for_sure = 0
        is_all_read = True
        for step, node in enumerate(graph.nodes[:-1]):
            reads = local_reads(graph, node, self.pads)
            if reads is None:
                return
            self.reads.append(reads)
            is_all_read = is_all_read and reads_all(node, reads)
            for view in views:
                view.extend(node, reads)
            if step in outputs:
                seen = sum([view.least_bytes(node, most, most) for view in views])
                needed_for_sure = max(needed_for_sure, seen) if is_all_read else 0
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
        """The tensors that are alive at the first step of the peak, but for the network's input."""
        peak = self.live.index(max(self.live))
        found = []
        for piece in self.pieces:
            if piece.first <= peak <= piece.last:
                made = [name for name in piece.tensors if self.steps.get(name, 0) <= peak]
                name = next((name for name in reversed(made) if name not in self.pads), INPUT)
                if name != INPUT or self.streams_input:
                    found.append(name)
        return found

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


class Views:
    """How every operator behind a tensor sees it, along rows and columns."""

    def __init__(self, graph: Graph, tensor: str) -> None:
        self.tensor = tensor
        self._shape = graph.shapes[tensor]
        self._bytes = math.prod(self._shape[2:]) * ELEMENT_BYTES[graph.types[tensor]]
        self._reaches: dict[str, tuple[Reach, Reach]] = {tensor: (HERE, HERE)}

    def extend(self, node: Node, reads: tuple[Read, ...]) -> None:
        """Go on to the next operator."""
        widest = -1
        for tensor, rows, columns in reads:
            reach = self._reaches.get(tensor)
            if reach is None:
                continue
            found = reach[0].through(rows), reach[1].through(columns)
            width = found[0].before + found[0].after
            # Any one of several paths gives a bound; one that sees more gives a better one.
            if width > widest:
                widest, self._reaches[node.name] = width, found

    def least_bytes(self, node: Node, rows: int, columns: int) -> int:
        """What the largest of rows × columns patches of a node's output needs of the tensor at least."""
        reaches = self._reaches.get(node.name)
        if reaches is None or node.name == self.tensor:
            return 0
        (high, wide), (height, width) = self._shape[:2], node.shape[:2]
        least = reaches[0].least(high, height, rows) * reaches[1].least(wide, width, columns)
        return max(least, 0) * self._bytes


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
        views: list[Views],
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
        self._lengths_of: dict[tuple[int, int], tuple[Lengths, Lengths]] = {}

    def bound(self, rows: int, columns: int) -> int:
        """What the peak, of the stage and of the rest, cannot go below on this grid or a coarser one."""
        node = self._nodes[-1]
        seen = sum([view.least_bytes(node, rows, columns) for view in self._views])
        return max(self.rest, self._whole + seen)

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
        high, wide = self._rows(rows)[0], self._columns(columns)[0]
        change = [0] * (self.length + 1)
        for part in self._parts:
            size = self._bytes(part.tensors[0], high, wide)
            change[part.first] += size
            change[part.last + 1] -= size
        for _, size, step in self._scratch(high, wide):
            change[step] += aligned(size)
            change[step + 1] -= aligned(size)
        return self._whole + max(itertools.accumulate(change[:-1]))

    def added_macs(self, rows: int, columns: int) -> int:
        """MACs of all patches less those of the whole image, padding counted as pixels.

        Where a later operator skips rows or columns of a tensor, patches do not compute them; then
        the number can be negative.
        """
        high, wide = self._rows(rows)[1], self._columns(columns)[1]
        return sum(
            macs * (high.get(name, 0) * wide.get(name, 0) - area) for name, macs, area in self._pixel_macs
        )

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
        high, wide = self._rows(rows)[0], self._columns(columns)[0]
        pieces: list[Piece] = []
        blocks: dict[int, int] = {}

        def add(size: int, first: int, last: int, block: int, tensors: list[str]) -> None:
            pieces.append(Piece(size, first, last, blocks.setdefault(block, len(blocks)), tensors))

        if not shared.streams_input:
            add(graph.sizes[INPUT], 0, self.length - 1, -1, [INPUT])
        for part in self._parts:
            size = self._bytes(part.tensors[0], high, wide)
            add(size, part.first, part.last, part.block, list(part.tensors))
        output = next(piece for piece in shared.pieces if self._output in piece.tensors)
        behind = output.tensors[output.tensors.index(self._output) :]
        add(graph.sizes[self._output], 0, output.last, -2, behind)
        for piece in shared.pieces:
            if piece.first >= self.length and piece is not output:
                block = -2 if piece.block == output.block else piece.block + len(graph.nodes) + 1
                add(piece.size, piece.first, piece.last, block, piece.tensors)
        scratch = [
            *self._scratch(high, wide),
            *(request for request in shared.scratch if request[2] >= self.length),
        ]
        plan = arranged("patched", pieces, scratch, len(graph.nodes))
        option = dataclasses.replace(self.option(rows, columns), peak_bytes=plan.peak_bytes)
        return dataclasses.replace(plan, patch=option)

    @functools.cached_property
    def _reads(self) -> tuple[AxisReads, AxisReads]:
        reads = self._all.reads[: self.length]
        return axis_reads(reads, 0), axis_reads(reads, 1)

    @functools.cached_property
    def _names(self) -> list[str]:
        return [node.name for node in self._nodes]

    @functools.cached_property
    def _is_square(self) -> bool:
        height, width = self._nodes[-1].shape[:2]
        return height == width and self._reads[0] == self._reads[1]

    def _rows(self, parts: int) -> tuple[Lengths, Lengths]:
        return self._lengths(0, parts)

    def _columns(self, parts: int) -> tuple[Lengths, Lengths]:
        return self._lengths(0 if self._is_square else 1, parts)

    def _lengths(self, axis: int, parts: int) -> tuple[Lengths, Lengths]:
        """Along one axis: the longest interval of each tensor, and the sum over all patches."""
        known = self._lengths_of.get((axis, parts))
        if known is not None:
            return known
        longest: Lengths = {}
        total: Lengths = {}
        for interval in splits(self._nodes[-1].shape[axis], parts):
            for name, (low, high) in needed(self._names, self._reads[axis], interval).items():
                length = high - low
                total[name] = total.get(name, 0) + length
                if length > longest.get(name, 0):
                    longest[name] = length
        self._lengths_of[axis, parts] = longest, total
        return longest, total

    def _bytes(self, tensor: str, high: Lengths, wide: Lengths) -> int:
        return aligned(high.get(tensor, 0) * wide.get(tensor, 0) * self._all.pixel_bytes(tensor))

    @functools.cached_property
    def _pixel_macs(self) -> list[tuple[str, int, int]]:
        """(tensor, MACs of one pixel, pixels of the whole image) of every operator with MACs."""
        found = []
        for node in self._nodes:
            area = math.prod(node.shape[:2])
            macs = count(node.op, self._graph.shapes[node.inputs[0]], node.shape).macs
            if macs:
                found.append((node.name, macs // area, area))
        return found

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
        """Whether an operator's output must not lie over its input in a stage."""
        if tensor == self._output:
            return True
        node = self._graph.by_name.get(tensor)
        if node is None:
            return False
        return any(name == INPUT or name in self._all.pads for name in node.inputs)

    def _scratch(self, high: Lengths, wide: Lengths) -> list[tuple[str, int, int]]:
        """(name, bytes, step) of what kernels need on a patch."""
        found = []
        rings = self._all.rings
        for name, size, step in self._all.scratch:
            if step >= self.length:
                break
            node = self._nodes[step]
            if node.name in rings:
                if self._is_apart(node.name):
                    continue
                assert isinstance(node.op, WINDOWED)
                source = node.inputs[0]
                rows = min(extent_of(node.op)[0], high.get(source, 0))
                size = rows * wide.get(source, 0) * self._all.pixel_bytes(source)
            found.append((name, size, step))
        return found


def aligned(size: int) -> int:
    """`size` filled up to the arena's alignment."""
    return (size + ALIGNMENT - 1) & -ALIGNMENT
