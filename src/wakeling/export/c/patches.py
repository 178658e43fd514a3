"""Which box of every tensor each patch computes, when the first layers run patch by patch.

Which layers those are and how many patches is decided in `cost.memory.patched`.
"""

from __future__ import annotations

from collections.abc import Mapping

from wakeling.cost.memory.patch_regions import AxisMap, local_reads, splits
from wakeling.cost.memory.plan import PatchOption
from wakeling.export.c.program import Box
from wakeling.graph import Graph, Node
from wakeling.ops import Pair

Intervals = dict[str, Pair]


def patch_boxes(graph: Graph, patch: PatchOption, pads: Mapping[str, Node]) -> list[dict[str, Box]]:
    """For each patch, row by row, the box of every tensor that it needs; tensors without one are not needed.

    A pad that its readers compute is seen through. Rows and columns do not depend on each other.
    """
    height, width = graph.shapes[patch.last][:2]
    rows = [_needed(graph, patch, pads, 0, part) for part in splits(height, patch.rows)]
    columns = [_needed(graph, patch, pads, 1, part) for part in splits(width, patch.columns)]
    return [
        {name: (high[name], wide[name]) for name in high if name in wide} for high in rows for wide in columns
    ]


def _needed(graph: Graph, patch: PatchOption, pads: Mapping[str, Node], axis: int, output: Pair) -> Intervals:
    """Along one axis, the interval of each tensor that an interval of the stage's output needs."""
    found: Intervals = {patch.last: output}
    for node in reversed(graph.nodes[: patch.operators]):
        reads = local_reads(graph, node, pads)
        assert reads is not None
        made = found.get(node.name)
        if made is None:
            continue
        for read in reads:
            seen = _through(made, read.rows if axis == 0 else read.columns)
            if seen[0] >= seen[1]:
                continue
            known = found.get(read.tensor, seen)
            found[read.tensor] = min(seen[0], known[0]), max(seen[1], known[1])
    return found


def _through(made: Pair, read: AxisMap) -> Pair:
    step, before, after, size = read
    return max(made[0] * step - before, 0), min(made[1] * step + after, size)
