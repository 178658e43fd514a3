"""`liveness`: the largest sum of live tensors in the graph's own order, nothing in place.

The plainest figure, and the one that tables of other tools mean by "peak activation memory".
"""

from __future__ import annotations

from wakeling.cost.memory.plan import Lifetime, MemoryPlan, live_bytes
from wakeling.graph import INPUT, Graph
from wakeling.ops import Reshape


def lifetimes(graph: Graph) -> tuple[Lifetime, ...]:
    """Every buffer of a fused graph, in the graph's order.

    A reshape makes no buffer: its output is its input's buffer under another name. Everything
    else writes to a buffer of its own; nothing is computed in place.
    """
    sizes = graph.sizes
    holder = {INPUT: INPUT}
    first = {INPUT: 0}
    last = {INPUT: 0}
    for step, node in enumerate(graph.nodes):
        for tensor in node.inputs:
            last[holder[tensor]] = step
        name = node.name
        if isinstance(node.op, Reshape):
            holder[name] = holder[node.inputs[0]]
            continue
        holder[name] = name
        first[name] = last[name] = step
    last[holder[graph.output]] = len(graph.nodes) - 1
    return tuple(
        [Lifetime(name=name, size_bytes=sizes[name], first=first[name], last=last[name]) for name in first]
    )


def liveness(graph: Graph) -> MemoryPlan:
    """The largest sum of live tensors in the graph's own order.

    While an operator runs, its inputs, its output and all that is read later are alive. This is
    the least that any runtime needs that keeps this order and computes nothing in place; what a
    runtime adds (alignment, scratch, its own structures) comes on top.
    """
    buffers = lifetimes(graph)
    live = live_bytes(buffers, len(graph.nodes))
    return MemoryPlan(runtime="liveness", peak_bytes=max(live), live_bytes=live, buffers=buffers)
