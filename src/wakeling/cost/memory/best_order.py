"""`best-order`: the smallest peak over all orders in which a network's operators can run.

Exact by a best-first search over the sets of operators that have run ("downsets"), with sound
pruning; bounded where there are too many sets. Building the plan of one order is in `storage`.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

from wakeling.cost.memory.order_problem import Problem, bits, order_problem
from wakeling.cost.memory.plan import Lifetime, MemoryPlan, live_bytes
from wakeling.cost.memory.storage import no_copy, storage
from wakeling.graph import INPUT, Graph, Node

STATE_LIMIT = 20_000
"""Sets of operators that the search looks at before it settles for the best order found."""

BEAM_WIDTH = 64
"""Orders that are followed side by side once the limit is reached."""

BEAM_BRANCHES = 8
"""Operators that each of them tries next."""

Trail = tuple[Any, ...]  # Any: (the trail before, operator), or nothing at the start


def best_order(graph: Graph, *, state_limit: int = STATE_LIMIT) -> MemoryPlan:
    """The smallest peak over all topological orders of a fused graph, and an order that reaches it.

    While an operator runs, its inputs, its output and all that is read later are held. A reshape
    makes nothing. An element-wise operator (add, sub, mul, activation, batch norm, quantize, softmax)
    writes over an operand instead of to new memory where the operand has as many elements, at least
    as wide, is read by no operator that is still to run, and isn't the network's output; in which
    orders that holds is part of the search.

    `plan.order` is the order. Where `state_limit` sets of operators did not suffice, the plan is the
    best order found, and `plan.lower_bound_bytes`, which is the peak itself otherwise, is a proven
    bound below it (`plan.is_optimal` is False).
    """
    problem = order_problem(graph)
    moves, bound = _search(problem, state_limit)
    order = _with_reshapes(graph, [problem.nodes[index] for index in moves])
    given = _peak(graph, list(graph.nodes))
    best = _peak(graph, order)
    if given <= best:
        order, best = list(graph.nodes), given
    pieces, _ = storage(graph, order)
    buffers = tuple(
        Lifetime(
            name=piece.tensors[0],
            size_bytes=piece.size,
            first=piece.first,
            last=piece.last,
            tensors=tuple(piece.tensors) if len(piece.tensors) > 1 else (),
        )
        for piece in pieces
    )
    return MemoryPlan(
        runtime="best-order",
        peak_bytes=best,
        live_bytes=live_bytes([buffer[1:4] for buffer in buffers], len(order)),
        buffers=buffers,
        order=() if tuple(order) == graph.nodes else tuple(node.name for node in order),
        lower_bound_bytes=min(bound, best),
    )


def _with_reshapes(graph: Graph, order: list[Node]) -> list[Node]:
    """The order with every reshape right behind the operator whose output it renames."""
    renamed: dict[str, list[Node]] = {}
    for node in graph.nodes:
        if no_copy(node):
            renamed.setdefault(node.inputs[0], []).append(node)
    complete: list[Node] = []

    def append_renamed(name: str) -> None:
        for node in renamed.get(name, ()):
            complete.append(node)
            append_renamed(node.name)

    append_renamed(INPUT)
    for node in order:
        complete.append(node)
        append_renamed(node.name)
    return complete


def _peak(graph: Graph, order: list[Node]) -> int:
    pieces, _ = storage(graph, order)
    change = [0] * (len(order) + 1)
    for piece in pieces:
        change[piece.first] += piece.size
        change[piece.last + 1] -= piece.size
    return max(itertools.accumulate(change))


def _search(problem: Problem, state_limit: int) -> tuple[list[int], int]:
    """The operators in the best order, and what no order can go below.

    A shortest-path search whose length is the largest step so far. An operator that keeps within
    that length and doesn't raise what is held is run at once, without looking at others: moved to the
    front of any order that continues from here, it lowers what is held at every later step or leaves
    it, since its inputs die no later there.
    """
    everything = (1 << len(problem.nodes)) - 1
    start = (problem.least, 0, 0, problem.sizes[0], problem.first_ready())
    heap = [start]
    shortest = {0: problem.least}
    came: dict[int, tuple[int, list[int]]] = {}
    closed: set[int] = set()
    while heap:
        length, _, origin, held, ready = heapq.heappop(heap)
        if length > shortest[origin]:
            continue
        done, held, ready, moves = problem.run_free(origin, held, ready, length)
        if done == everything:
            return _path(came, origin, moves), length
        if done in closed:
            continue
        if len(closed) >= state_limit:
            return _beam(problem), length
        closed.add(done)
        for index in bits(ready):
            peak, left = problem.step(done, held, index)
            after, longest = done | 1 << index, max(length, peak)
            if longest < shortest.get(after, longest + 1):
                shortest[after] = longest
                came[after] = (origin, [*moves, index])
                entry = (longest, -after.bit_count(), after, left, problem.ready_after(done, ready, index))
                heapq.heappush(heap, entry)
    raise AssertionError("operators that wait for each other")  # a Graph is in topological order


def _path(came: dict[int, tuple[int, list[int]]], origin: int, moves: list[int]) -> list[int]:
    parts = [moves]
    while origin:
        origin, moves = came[origin]
        parts.append(moves)
    return [index for part in reversed(parts) for index in part]


def _beam(problem: Problem) -> list[int]:
    """A good order by following the best `BEAM_WIDTH` unfinished ones, side by side."""
    beam = [(problem.least, problem.sizes[0], 0, problem.first_ready(), ())]
    everything = (1 << len(problem.nodes)) - 1
    while beam[0][2] != everything:
        found: dict[int, tuple[int, int, int, int, Trail]] = {}
        for length, held, done, ready, trail in beam:
            steps = sorted((problem.step(done, held, index), index) for index in bits(ready))
            for (peak, left), index in steps[:BEAM_BRANCHES]:
                after, longest = done | 1 << index, max(length, peak)
                known = found.get(after)
                if known is None or longest < known[0]:
                    later = problem.ready_after(done, ready, index)
                    found[after] = (longest, left, after, later, (trail, index))
        beam = sorted(found.values(), key=lambda state: state[:3])[:BEAM_WIDTH]
    order: list[int] = []
    behind: Trail = beam[0][4]
    while behind:
        behind, last = behind
        order.append(last)
    return order[::-1]
