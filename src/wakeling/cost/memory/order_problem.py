"""A graph as numbers, for a search over orders: operators and sets of operators as bits.

What an operator holds while it runs, and after it, given the set that has run before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from wakeling.cost.memory.storage import elementwise_in_place, no_copy
from wakeling.graph import INPUT, Graph, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Operators 0 … n − 1 in the graph's order without reshapes, and buffers by number (0: the input).

    `inputs[v]` are the buffers that v reads, `outputs[v]` the one that it makes, `readers[b]` the
    operators that read b (bit n: the caller, who takes the network's output and never runs),
    `reusable[v]` the inputs that v may write over, `needs[v]` the operators that run before it,
    `followers[v]` those that wait for it. `least` is a bound below the peak of every order.
    """

    nodes: tuple[Node, ...]
    sizes: tuple[int, ...]
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[int, ...]
    readers: tuple[int, ...]
    needs: tuple[int, ...]
    followers: tuple[tuple[int, ...], ...]
    reusable: tuple[frozenset[int], ...]
    least: int

    def first_ready(self) -> int:
        """The operators that can run first."""
        return sum(1 << index for index, needed in enumerate(self.needs) if not needed)

    def ready_after(self, done: int, ready: int, index: int) -> int:
        """The operators that can run once `index` has, too."""
        after = done | 1 << index
        ready &= ~(1 << index)
        for later in self.followers[index]:
            if not self.needs[later] & ~after:
                ready |= 1 << later
        return ready

    def step(self, done: int, held: int, index: int) -> tuple[int, int]:
        """Bytes held while operator `index` runs, and behind it, where `done` have run and hold `held`."""
        after = done | 1 << index
        output = self.outputs[index]
        peak = held + self.sizes[output]
        left = peak if self.readers[output] else held
        reusable = self.reusable[index]
        for source in self.inputs[index]:
            if not self.readers[source] & ~after:
                left -= self.sizes[source]
                if source in reusable:
                    peak = held
        return peak, left

    def run_free(self, done: int, held: int, ready: int, limit: int) -> tuple[int, int, int, list[int]]:
        """Run what keeps within `limit` and doesn't raise `held`, until nothing is left that does.

        The new `done`, `held` and `ready`, and the operators in the order in which they ran.
        """
        moves: list[int] = []
        is_searching = True
        while is_searching:
            is_searching = False
            for index in bits(ready):
                peak, left = self.step(done, held, index)
                if peak <= limit and left <= held:
                    ready = self.ready_after(done, ready, index)
                    done |= 1 << index
                    held = left
                    moves.append(index)
                    is_searching = True
                    break
        return done, held, ready, moves


def bits(members: int) -> Iterator[int]:
    """The numbers of the bits that are set, rising."""
    while members:
        lowest = members & -members
        yield lowest.bit_length() - 1
        members ^= lowest


def order_problem(graph: Graph) -> Problem:
    """The graph as numbers; reshapes are other names of the buffers that they read."""
    number = {INPUT: 0}
    sizes, readers, makers = [graph.sizes[INPUT]], [0], [-1]
    nodes: list[Node] = []
    inputs: list[tuple[int, ...]] = []
    reusable: list[frozenset[int]] = []
    for node in graph.nodes:
        if no_copy(node):
            number[node.name] = number[node.inputs[0]]
            continue
        sources = [number[name] for name in node.inputs]
        reusable.append(
            frozenset(
                source
                for name, source in zip(node.inputs, sources, strict=True)
                if elementwise_in_place(graph, node, name, sizes[source]) is not None
            )
        )
        inputs.append(tuple(dict.fromkeys(sources)))
        for source in sources:
            readers[source] |= 1 << len(nodes)
        number[node.name] = len(sizes)
        makers.append(len(nodes))
        nodes.append(node)
        sizes.append(graph.sizes[node.name])
        readers.append(0)
    readers[number[graph.output]] |= 1 << len(nodes)
    followers: list[list[int]] = [[] for _ in nodes]
    needs = []
    for index, sources_of in enumerate(inputs):
        earlier = {makers[source] for source in sources_of} - {-1}
        needs.append(sum(1 << maker for maker in earlier))
        for maker in earlier:
            followers[maker].append(index)
    return Problem(
        nodes=tuple(nodes),
        sizes=tuple(sizes),
        inputs=tuple(inputs),
        outputs=tuple(range(1, len(sizes))),
        readers=tuple(readers),
        needs=tuple(needs),
        followers=tuple(tuple(later) for later in followers),
        reusable=tuple(reusable),
        least=_least(sizes, inputs, readers, needs, followers, reusable, makers),
    )


def _least(
    sizes: list[int],
    inputs: list[tuple[int, ...]],
    readers: list[int],
    needs: list[int],
    followers: list[list[int]],
    reusable: list[frozenset[int]],
    makers: list[int],
) -> int:
    """The most that is held in every order while some operator runs.

    Held for certain: what an operator's ancestors made for it, for its descendants or the caller.
    """
    count = len(inputs)
    caller = 1 << count
    before, behind = [0] * count, [0] * count
    for index in range(count):
        for maker in bits(needs[index]):
            before[index] |= before[maker] | 1 << maker
    for index in reversed(range(count)):
        for later in followers[index]:
            behind[index] |= behind[later] | 1 << later
    least = sizes[0]
    for index in range(count):
        wanting = behind[index] | 1 << index | caller
        held = sum(
            size
            for size, wanted, maker in zip(sizes, readers, makers, strict=True)
            if wanted & wanting and (maker < 0 or before[index] >> maker & 1)
        )
        overwrites = any(not readers[source] & (caller | behind[index]) for source in reusable[index])
        least = max(least, held if overwrites else held + sizes[index + 1])
    return least
