"""Points of a staged space: equal networks are one point, and every choice makes a network."""

from __future__ import annotations

import dataclasses
import itertools
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeling.cost import cost
from wakeling.fuse import fuse
from wakeling.search.space import (
    Point,
    StagedSpace,
    from_toml,
    load_space,
    point_of,
    ready_spaces,
    size_of,
    values_of,
)
from wakeling.spec import FAMILIES, DepthwiseSeparable, InvertedResidual, StandardConv, lower

SMALL = from_toml("""
name = "small"
resolutions = 32
widths = [0.5, 1.0]
divisor = 8

[stem]
filters = [6, 8, 16]

[[stages]]
block = ["depthwise_separable", "inverted_residual"]
filters = [16, 20]
depth = [0, 1, 2]
expansion = [2, 3]
stride = [1, 2]
skip = [false, true]

[head]
filters = [0, 8, 10]
""")

SPACES = {name: load_space(name) for name in ready_spaces()}


def points(space: StagedSpace) -> st.SearchStrategy[Point]:
    return st.tuples(*(st.integers(0, len(parameter.choices) - 1) for parameter in space.parameters))


ready_points = st.sampled_from(sorted(SPACES)).flatmap(
    lambda name: st.tuples(st.just(SPACES[name]), points(SPACES[name]))
)


def every_point(space: StagedSpace) -> list[Point]:
    return list(itertools.product(*(range(len(parameter.choices)) for parameter in space.parameters)))


def graph_of(space: StagedSpace, point: Point) -> Any:
    graph = lower(space.network(point), deployed=True)
    return graph.input_shape, graph.nodes


def test_equal_networks_are_one_point_at_each_width() -> None:
    by_graph: dict[Any, set[Point]] = {}
    for point in every_point(SMALL):
        by_graph.setdefault((point[2], graph_of(SMALL, point)), set()).add(SMALL.canonical(point))
    assert all(len(canonical) == 1 for canonical in by_graph.values())
    assert len({SMALL.canonical(point) for point in every_point(SMALL)}) == len(by_graph)
    assert len(by_graph) < size_of(SMALL) / 3


def test_equal_networks_have_one_name_and_others_another() -> None:
    graphs: dict[str, Any] = {}
    for point in every_point(SMALL):
        graph = graph_of(SMALL, point)
        assert graphs.setdefault(SMALL.network_name(point), graph) == graph
    assert len(graphs) == len(set(graphs.values()))


@settings(max_examples=50)
@given(ready_points)
def test_canonical_changes_nothing_but_the_point(drawn: tuple[StagedSpace, Point]) -> None:
    space, point = drawn
    canonical = space.canonical(point)
    assert space.canonical(canonical) == canonical
    assert graph_of(space, canonical) == graph_of(space, point)
    assert space.network_name(canonical) == space.network_name(point)
    assert point_of(space, values_of(space, canonical)) == canonical


@settings(max_examples=50)
@given(ready_points)
def test_a_random_point_builds_and_costs(drawn: tuple[StagedSpace, Point]) -> None:
    space, point = drawn
    network = space.network(point)
    trained = lower(network)
    assert fuse(trained).graph.nodes == lower(network, deployed=True).nodes
    report = cost(trained, runtimes=("tflm", "wakeling-c"))
    assert report.macs > 0
    assert trained.shapes[trained.output] == (space.classes,)
    values = values_of(space, point)
    assert trained.input_shape == (values["resolution"], values["resolution"], values["channels"])


@pytest.mark.parametrize("name", sorted(SPACES))
def test_every_choice_of_a_ready_space_makes_a_graph(name: str) -> None:
    space = SPACES[name]
    deepest = [len(p.choices) - 1 if p.name.endswith("depth") else 0 for p in space.parameters]
    seen = set()
    for place, parameter in enumerate(space.parameters):
        for index in range(len(parameter.choices)):
            graph = lower(space.network((*deepest[:place], index, *deepest[place + 1 :])))
            assert graph.shapes[graph.output] == (2,)
            seen.add((place, index))
    assert len(seen) == sum(len(parameter.choices) for parameter in space.parameters)


def test_a_skip_joins_input_and_output_of_blocks_that_keep_their_shape() -> None:
    space = dataclasses.replace(SMALL, widths=(1.0,))
    base = {**values_of(space, tuple(0 for _ in space.parameters)), "stem.filters": 16, "stage1.depth": 2}

    def adds(**chosen: Any) -> int:
        values = {**base, **{key.replace("_", ".", 1): value for key, value in chosen.items()}}
        graph = lower(space.network(point_of(space, values)), deployed=True)
        return sum(node.name.endswith("_add") for node in graph.nodes)

    for block in ("depthwise_separable", "inverted_residual"):
        assert adds(stage1_block=block, stage1_skip=False) == 0
        assert adds(stage1_block=block, stage1_skip=True) == 2
        assert adds(stage1_block=block, stage1_skip=True, stage1_stride=2) == 1
        assert adds(stage1_block=block, stage1_skip=True, stage1_filters=20) == 1
        assert adds(stage1_block=block, stage1_skip=True, stage1_depth=0) == 0


def test_the_point_is_what_its_values_say() -> None:
    values = {
        **values_of(SMALL, tuple(0 for _ in SMALL.parameters)),
        "width": 1.0,
        "stem.filters": 16,
        "stage1.block": "inverted_residual",
        "stage1.depth": 2,
        "stage1.filters": 20,
        "stage1.expansion": 3,
        "stage1.stride": 2,
        "head.filters": 10,
    }
    blocks = SMALL.network(point_of(SMALL, values)).blocks
    knobs = {"filters": 24, "expansion": 3, "skip": False}  # 20 and 10 filled up to multiples of 8
    assert blocks[:-1] == (
        StandardConv(filters=16, kernel=3, stride=2),
        InvertedResidual(**knobs, stride=2),
        InvertedResidual(**knobs, stride=1),
        StandardConv(filters=8, kernel=1),
    )


def test_mobilenet_v1_holds_the_papers_network() -> None:
    space = SPACES["mobilenet_v1"]
    values = {
        **{parameter.name: parameter.choices[0] for parameter in space.parameters},
        "resolution": 96,
        "channels": 3,
        "width": 0.25,
        "stage1.stride": 1,
        **{f"stage{number}.depth": depth for number, depth in enumerate((1, 2, 2, 6, 2), start=1)},
    }
    for width in (0.25, 1.0):
        point = point_of(space, {**values, "width": width})
        family = FAMILIES["mobilenet_v1"](alpha=width, resolution=96, channels=3, classes=2)
        assert space.blocks(point) == family.blocks
        assert cost(lower(space.network(point)), runtimes=()).macs == cost(lower(family), runtimes=()).macs
    assert all(isinstance(block, DepthwiseSeparable) for block in space.blocks(point)[1:-1])


def test_mobilenet_v2_holds_the_papers_network_at_width_1() -> None:
    space = SPACES["mobilenet_v2"]
    values = {
        **{parameter.name: parameter.choices[0] for parameter in space.parameters},
        "resolution": 96,
        "channels": 3,
        "width": 1.0,
        "head.filters": 1280,
        **{f"stage{number}.depth": depth for number, depth in enumerate((1, 2, 3, 4, 3, 3, 1), start=1)},
        **{f"stage{number}.expansion": 6 for number in range(2, 8)},
    }
    family = FAMILIES["mobilenet_v2"](alpha=1.0, resolution=96, channels=3, classes=2)
    assert space.blocks(point_of(space, values)) == family.blocks


def test_mcunet_covers_large_kernels_and_patches() -> None:
    choices = {parameter.name: parameter.choices for parameter in SPACES["mcunet"].parameters}
    assert choices["execution"] == ("whole", "patches")
    assert choices["stage2.kernel"] == (3, 5, 7)


def test_a_space_that_was_asked_is_pickled_without_what_it_remembers() -> None:
    space = load_space("tiny")
    fresh = pickle.dumps(space)
    space.network(tuple(0 for _ in space.parameters))
    assert pickle.dumps(space) == fresh
    assert pickle.loads(fresh) == space
