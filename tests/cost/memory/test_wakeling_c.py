"""The arena of our own C: run in it, value by value, a graph gives what whole arrays give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tests.cost.memory.arena_machine import Machine, expected
from tests.cost.memory.graphs import graphs
from wakeling.cost.memory import wakeling_c
from wakeling.graph import Graph


def check_by_running(graph: Graph, seed: int = 0) -> None:
    image = np.random.default_rng(seed).integers(0, 256, graph.input_shape, np.uint8).tobytes()
    found = Machine(graph, wakeling_c(graph)).run(image)
    assert found == expected(graph, image)[graph.output].astype(np.uint8).tobytes()


@given(graph=graphs())
@settings(max_examples=150, deadline=None)
def test_a_run_inside_the_planned_arena_gives_the_result_of_whole_arrays(graph: Graph) -> None:
    check_by_running(graph)


@pytest.mark.slow
@given(graph=graphs(most=16))
@settings(max_examples=3000, deadline=None)
def test_thousands_of_runs_inside_the_planned_arena_give_the_result_of_whole_arrays(graph: Graph) -> None:
    check_by_running(graph, 1)
