"""The stages of a network that could run patch by patch, and what they share.

One stage, on one grid of patches, is in `patch_stage`; choosing among them in `patched`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from wakeling.cost.memory.patch_bounds import View
from wakeling.cost.memory.patch_regions import Read, local_reads, reads_all
from wakeling.cost.memory.patch_stage import Stage
from wakeling.cost.memory.plan import live_bytes
from wakeling.cost.memory.wakeling_c import Held, aligned, held_by
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import ELEMENT_BYTES, Conv2D


class Prefix(NamedTuple):
    """The first `length` operators as a stage; prefixes sort by the bound of their peak.

    No grid of patches gives a peak below `least`, and none of a longer prefix one below
    `least_behind`. `rest` is the peak of what follows on whole images; `whole` bytes are held while
    the stage runs: its output, and the network's input where it is in RAM.
    """

    least: int
    length: int
    rest: int
    whole: int
    least_behind: int


class Stages:
    """The stages of a graph, shortest first, with what they share: the plan of whole images.

    The output of an operator in `apart` must not lie over its input in any stage: it reads the network's
    input, or has a pad fused into it, or works in place through a ring of a convolution's rows, or it is
    a pointwise convolution that grows over a tensor of which others may need more than it does.
    """

    def __init__(
        self, graph: Graph, *, most_patches: int, streams_input: bool, held: Held | None = None
    ) -> None:
        held = held or held_by(graph)
        self.graph = graph
        self.most_patches = most_patches
        self.streams_input = streams_input
        self.pads, self.pieces, self.rings, self.scratch = held.pads, held.pieces, held.rings, held.scratch
        self.live = self._live()
        self.reads: list[tuple[Read, ...]] = []
        self.steps = {node.name: step for step, node in enumerate(graph.nodes)}
        kept_whole = {INPUT, *self.pads}
        self.apart = {
            node.name
            for node in graph.nodes
            if not kept_whole.isdisjoint(node.inputs) or (type(node.op) is Conv2D and self._parts_ways(node))
        }
        self.views = [View(graph, name) for name in self._at_peak()]

    def __iter__(self) -> Iterator[Stage]:
        """Every stage, the shortest first."""
        return (self.stage(prefix) for prefix in self.prefixes())

    def stage(self, prefix: Prefix) -> Stage:
        """The stage of a prefix."""
        return Stage(self, length=prefix.length, rest=prefix.rest, whole=prefix.whole)

    def prefixes(self) -> Iterator[Prefix]:
        """Every prefix of local operators behind which its own output is all that is read later.

        Only a prefix that holds the first step of the peak can save anything; shorter ones come too.
        """
        graph, most, views = self.graph, self.most_patches, self.views
        rest = list(itertools.accumulate(reversed(self.live), max))[::-1]
        held = 0 if self.streams_input else aligned(graph.sizes[INPUT])
        outputs = {step: aligned(graph.sizes[graph.nodes[step].name]) for step in self._cuts()}
        behind = dict(
            zip(reversed(outputs), itertools.accumulate(reversed(outputs.values()), min), strict=True)
        )
        needed_for_sure = 0
        read_in_part: set[str] = set()
        read_whole: set[str] = set()
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
                whole = held + outputs[step]
                yield Prefix(
                    max(rest[step + 1], whole + seen),
                    step + 1,
                    rest[step + 1],
                    whole,
                    held + behind[step] + needed_for_sure,
                )

    def _cuts(self) -> list[int]:
        """The steps behind which their own output is all that is read later."""
        graph = self.graph
        last = {INPUT: 0}
        for step, (name, _, inputs, _) in enumerate(graph.nodes):
            for tensor in inputs:
                last[tensor] = step
            last[name] = step
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
                    if is_made and (holder == INPUT or name in self.apart):
                        holder = name
                if holder != INPUT or self.streams_input:
                    found.append(holder)
        return found

    def _parts_ways(self, node: Node) -> bool:
        """Whether a convolution that works in place on whole images may not do so in a patch."""
        source, sizes = node.inputs[0], self.graph.sizes
        is_larger = sizes[node.name] > sizes[source]
        return node.name in self.rings or (is_larger and len(self.graph.consumers[source]) > 1)

    def _live(self) -> tuple[int, ...]:
        held = [(aligned(piece.size), piece.first, piece.last) for piece in self.pieces]
        held += [(aligned(size), step, step) for _, size, step in self.scratch]
        return live_bytes(held, len(self.graph.nodes))
