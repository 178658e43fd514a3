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
    for step, (name, op, inputs, _) in enumerate(graph.nodes):
        for tensor in inputs:
            last[holder[tensor]] = step
        if type(op) is Reshape:
            holder[name] = holder[inputs[0]]
            continue
        holder[name] = name
        first[name] = last[name] = step
    last[holder[graph.output]] = len(graph.nodes) - 1
    return tuple([Lifetime(name, sizes[name], step, last[name]) for name, step in first.items()])


def liveness(graph: Graph) -> MemoryPlan:
    """The largest sum of live tensors in the graph's own order.

    While an operator runs, its inputs, its output and all that is read later are alive. This is
    the least that any runtime needs that keeps this order and computes nothing in place; what a
    runtime adds (alignment, scratch, its own structures) comes on top.
    """
    buffers = lifetimes(graph)
    live = live_bytes([buffer[1:4] for buffer in buffers], len(graph.nodes))
    return MemoryPlan(runtime="liveness", peak_bytes=max(live), live_bytes=live, buffers=buffers)
