"""The best order against brute force over all orders, and where there are too many of them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cost.memory.graphs import graphs
from wakeling import zoo
from wakeling.cost.memory import best_order, liveness
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder, Node
from wakeling.ops import Activation, Add, Conv2D, MaxPool2D, Mul, Quantize, Reshape, Softmax, Sub

IN_PLACE = (Activation, Add, Mul, Quantize, Softmax, Sub)


def orders(graph: Graph) -> Iterator[list[Node]]:
    """Every topological order."""

    def grow(order: list[Node], made: set[str]) -> Iterator[list[Node]]:
        if len(order) == len(graph.nodes):
            yield order
        for node in graph.nodes:
            if node.name not in made and made.issuperset(node.inputs):
                yield from grow([*order, node], made | {node.name})

    yield from grow([], {INPUT})


def peak_of(graph: Graph, order: list[Node]) -> int:
    """Simulated: a set of held buffers, each with the names of the tensors that are in it."""
    sizes, shapes = graph.sizes, graph.shapes
    waiting = {name: {reader.name for reader in readers} for name, readers in graph.consumers.items()}
    waiting[graph.output] = waiting[graph.output] | {"the caller"}
    held: list[tuple[set[str], int]] = [({INPUT}, sizes[INPUT])]
    peak = sizes[INPUT]
    for node in order:
        name = node.name
        for readers in waiting.values():
            readers.discard(name)
        homes = [home for home in held if home[0] & set(node.inputs)]
        if isinstance(node.op, Reshape):
            homes[0][0].add(name)
        else:
            over = [
                home
                for home in homes
                if isinstance(node.op, IN_PLACE)
                and not any(waiting[tensor] for tensor in home[0])
                and any(
                    tensor in home[0] and _elements(shapes[tensor]) == _elements(node.shape)
                    for tensor in node.inputs
                )
            ]
            peak = max(peak, sum(size for _, size in held) + (0 if over else sizes[name]))
            held.append(({name}, sizes[name]))
        held = [home for home in held if any(waiting[tensor] for tensor in home[0])]
    return peak


def _elements(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def check(graph: Graph) -> None:
    plan = best_order(graph)
    every = list(orders(graph))
    assert plan.peak_bytes == min(peak_of(graph, order) for order in every)
    assert plan.is_optimal
    chosen = [graph.by_name[name] for name in plan.order] or list(graph.nodes)
    assert chosen in every
    assert peak_of(graph, chosen) == plan.peak_bytes


@given(graph=graphs(most=6))
@settings(max_examples=150, deadline=None)
def test_the_peak_is_the_smallest_of_all_orders(graph: Graph) -> None:
    check(graph)


@pytest.mark.slow
@given(graph=graphs(most=8, kinds=("conv", "add", "add", "pool", "activation", "concat", "reshape")))
@settings(max_examples=1500, deadline=None)
def test_the_peak_is_the_smallest_of_all_orders_of_wider_graphs(graph: Graph) -> None:
    check(graph)


def residual(blocks: int) -> Graph:
    """Three convolutions and an addition a block."""
    builder = GraphBuilder("residual", (16, 16, 8))
    tensor = INPUT
    for index in range(blocks):
        wide = builder.append(Conv2D(filters=48, kernel=(1, 1)), tensor, name=f"{index}_expand")
        deep = builder.append(Conv2D(filters=48, kernel=(3, 3)), wide, name=f"{index}_conv")
        thin = builder.append(Conv2D(filters=8, kernel=(1, 1)), deep, name=f"{index}_project")
        tensor = builder.append(Add(), tensor, thin, name=f"{index}_add")
    return builder.build()


def test_a_residual_network_of_a_hundred_operators_is_solved_in_under_a_second() -> None:
    graph = residual(25)
    assert len(graph.nodes) == 100
    start = time.perf_counter()
    plan = best_order(graph)
    assert time.perf_counter() - start < 1.0
    assert plan.is_optimal
    assert plan.peak_bytes == 256 * (8 + 48 + 48)


def test_an_addition_in_place_saves_its_output() -> None:
    """In a ResNet the shortcut, both operands and the sum; without the sum where it overwrites one."""
    graph = fuse(zoo.build("resnet-50")).graph
    plan = best_order(graph)
    assert plan.is_optimal
    assert plan.peak_bytes == 1_806_336 < liveness(graph).peak_bytes == 2_408_448


def test_a_better_order_than_the_given_one_is_found() -> None:
    """Two branches that swell and shrink: one after the other, not both at once."""
    builder = GraphBuilder("branches", (8, 8, 1))
    wide = [
        builder.append(Conv2D(filters=20, kernel=(1, 1)), INPUT, name=f"wide{index}") for index in range(3)
    ]
    narrow = [builder.append(MaxPool2D(pool=(8, 8)), name, name=f"narrow_{name}") for name in wide]
    total = builder.append(Add(), narrow[0], narrow[1])
    builder.append(Add(), total, narrow[2])
    graph = builder.build()
    plan = best_order(graph)
    assert liveness(graph).peak_bytes == 64 + 3 * 20 * 64
    assert plan.peak_bytes == 64 + 20 * 64 + 2 * 20
    assert sorted(plan.order) == sorted(node.name for node in graph.nodes)


@pytest.mark.parametrize("name", ["googlenet", "densenet-121", "shufflenet-v2-x1.0", "inception-v3"])
def test_famous_networks_are_solved_exactly(name: str) -> None:
    graph = fuse(zoo.build(name)).graph
    plan = best_order(graph)
    assert plan.is_optimal
    assert plan.peak_bytes <= liveness(graph).peak_bytes


def wide_graph(operators: int, seed: int) -> Graph:
    rng = random.Random(seed)
    builder = GraphBuilder("wide", (4, 4, 2))
    made = [INPUT]
    for _ in range(operators):
        tensor = rng.choice(made[-30:])
        same = [other for other in made[-40:] if builder.shape(other) == builder.shape(tensor)]
        if rng.random() < 0.4:
            made.append(builder.append(Add(), tensor, rng.choice(same)))
        else:
            made.append(builder.append(Conv2D(filters=rng.choice((2, 4, 6)), kernel=(1, 1)), tensor))
    return builder.build()


def test_a_graph_with_too_many_orders_gets_the_best_found_and_an_honest_bound() -> None:
    graph = wide_graph(150, 1)
    plan = best_order(graph, state_limit=300)
    assert not plan.is_optimal
    assert plan.lower_bound_bytes is not None
    assert plan.lower_bound_bytes < plan.peak_bytes < liveness(graph).peak_bytes
    chosen = [graph.by_name[name] for name in plan.order]
    assert peak_of(graph, chosen) == plan.peak_bytes


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_limited_search_brackets_the_exact_answer(seed: int) -> None:
    graph = wide_graph(22, seed)
    exact, limited = best_order(graph), best_order(graph, state_limit=3)
    assert exact.is_optimal
    assert limited.lower_bound_bytes is not None
    assert limited.lower_bound_bytes <= exact.peak_bytes <= limited.peak_bytes
