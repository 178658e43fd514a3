"""Activation memory: which tensors are alive while each operator runs, and planners over that.

A planner takes a fused graph of int8 tensors (one byte an element) and returns a `MemoryPlan`.
Another runtime's planner is one more entry of `PLANNERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.graph import INPUT, Graph
from wakeling.ops import Reshape


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetime:
    """A buffer that is held from operator `first` to operator `last`, both included.

    `first` is the operator that makes it (0 for the network's input), `last` the one that reads
    it last (the final operator for the network's output).
    """

    name: str
    size_bytes: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What a runtime holds over time.

    `live_bytes[i]` is held while operator `i` runs; `buffers` says which tensors those are.
    """

    runtime: str
    peak_bytes: int
    live_bytes: tuple[int, ...]
    buffers: tuple[Lifetime, ...]

    @property
    def peak_step(self) -> int:
        """The first operator at which the peak is reached."""
        return self.live_bytes.index(self.peak_bytes)


def live_at(plan: MemoryPlan, step: int) -> tuple[Lifetime, ...]:
    """The buffers that are held while operator `step` runs."""
    return tuple(buffer for buffer in plan.buffers if buffer.first <= step <= buffer.last)


def lifetimes(graph: Graph) -> tuple[Lifetime, ...]:
    """Every buffer of a fused graph of int8 tensors, in the graph's order.

    A reshape makes no buffer: its output is its input's buffer under another name. Everything
    else writes to a buffer of its own; nothing is computed in place.
    """
    holder = {INPUT: INPUT}
    first = {INPUT: 0}
    last = {INPUT: 0}
    size = {INPUT: graph.sizes[INPUT]}
    for step, node in enumerate(graph.nodes):
        for tensor in node.inputs:
            last[holder[tensor]] = step
        if isinstance(node.op, Reshape):
            holder[node.name] = holder[node.inputs[0]]
            continue
        holder[node.name] = node.name
        first[node.name] = last[node.name] = step
        size[node.name] = graph.sizes[node.name]
    last[holder[graph.output]] = len(graph.nodes) - 1
    return tuple(
        Lifetime(name=name, size_bytes=size[name], first=first[name], last=last[name]) for name in first
    )


def liveness(graph: Graph) -> MemoryPlan:
    """The largest sum of live int8 tensors in the graph's own order.

    While an operator runs, its inputs, its output and all that is read later are alive. This is
    the least that any runtime needs that keeps this order and computes nothing in place; what a
    runtime adds (alignment, scratch, its own structures) comes on top.
    """
    buffers = lifetimes(graph)
    change = [0] * (len(graph.nodes) + 1)
    for buffer in buffers:
        change[buffer.first] += buffer.size_bytes
        change[buffer.last + 1] -= buffer.size_bytes
    live, total = [], 0
    for delta in change[:-1]:
        total += delta
        live.append(total)
    return MemoryPlan(runtime="liveness", peak_bytes=max(live), live_bytes=tuple(live), buffers=buffers)


PLANNERS: Mapping[str, Callable[[Graph], MemoryPlan]] = MappingProxyType({"liveness": liveness})
"""From a fused graph to a memory plan, by the runtime's name."""
