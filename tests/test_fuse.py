"""Fusing: what merges, what must not, and that nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling import graph as graphs
from wakeling import spec
from wakeling.fuse import fuse
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import (
    Activation,
    Add,
    BatchNorm,
    Conv2D,
    Dense,
    MaxPool2D,
    PointwiseKind,
    Reshape,
    activation_of,
)


def test_convolution_takes_its_batch_norm_and_activation() -> None:
    builder = GraphBuilder("one", (4, 4, 1))
    builder.conv_bn(INPUT, filters=2, kernel=3, name="conv")
    fused = fuse(builder.build())
    (node,) = fused.graph.nodes
    assert node.op == Conv2D(filters=2, kernel=(3, 3), use_bias=True, activation="relu6")
    assert fused.graph.output == "conv"
    assert fused.origins == {"conv": ("conv", "conv_bn", "conv_relu6")}


def test_a_tensor_with_two_readers_is_kept() -> None:
    builder = GraphBuilder("two", (4, 4, 1))
    conv = builder.append(Conv2D(filters=1, kernel=(1, 1)), INPUT, name="conv")
    relu = builder.append(Activation(kind="relu"), conv, name="relu")
    builder.add(conv, relu, name="sum")
    fused = fuse(builder.build()).graph
    assert [node.name for node in fused.nodes] == ["conv", "relu", "sum"]
    assert activation_of(fused.by_name["conv"].op) == "linear"


def test_the_output_itself_is_never_merged_past() -> None:
    builder = GraphBuilder("early", (4, 4, 1))
    conv = builder.append(Conv2D(filters=1, kernel=(1, 1)), INPUT, name="conv")
    builder.append(Activation(kind="relu"), conv, name="relu")
    fused = fuse(builder.build("conv")).graph
    assert fused.output == "conv"
    assert activation_of(fused.by_name["conv"].op) == "linear"


def test_add_takes_an_activation_but_no_batch_norm() -> None:
    builder = GraphBuilder("add", (4, 4, 1))
    total = builder.add(INPUT, INPUT, name="sum")
    builder.append(Activation(kind="relu"), total, name="relu")
    (node,) = fuse(builder.build()).graph.nodes
    assert node.op == Add(activation="relu")
    builder = GraphBuilder("add", (4, 4, 1))
    builder.append(BatchNorm(), builder.add(INPUT, INPUT, name="sum"), name="norm")
    kept = fuse(builder.build()).graph
    assert [type(node.op) for node in kept.nodes] == [Add, BatchNorm]


@pytest.mark.parametrize("kind", ["hard_swish", "hard_sigmoid", "sigmoid", "swish", "tanh"])
def test_only_what_runtimes_fuse_is_fused(kind: PointwiseKind) -> None:
    builder = GraphBuilder("alone", (4, 4, 1))
    conv = builder.append(Conv2D(filters=2, kernel=(1, 1)), INPUT, name="conv")
    builder.append(Activation(kind=kind), conv, name="curve")
    assert [node.name for node in fuse(builder.build()).graph.nodes] == ["conv", "curve"]


def test_nothing_merges_behind_an_activation() -> None:
    builder = GraphBuilder("late", (4, 4, 1))
    tensor = builder.append(Conv2D(filters=1, kernel=(1, 1)), INPUT, name="conv")
    tensor = builder.append(Activation(kind="relu"), tensor, name="first")
    tensor = builder.append(Activation(kind="relu6"), tensor, name="second")
    fused = fuse(builder.build()).graph
    assert [node.name for node in fused.nodes] == ["conv", "second"]


def test_a_pool_keeps_the_activation_behind_it() -> None:
    builder = GraphBuilder("pool", (4, 4, 1))
    pool = builder.append(MaxPool2D(pool=(2, 2)), INPUT, name="pool")
    builder.append(Activation(kind="relu"), pool, name="relu")
    assert len(fuse(builder.build()).graph.nodes) == 2


def test_a_dense_layer_folds_too() -> None:
    builder = GraphBuilder("dense", (1, 1, 4))
    flat = builder.append(Reshape(shape=(4,)), INPUT, name="flat")
    dense = builder.append(Dense(units=3, use_bias=False), flat, name="dense")
    builder.append(BatchNorm(), dense, name="norm")
    assert fuse(builder.build()).graph.by_name["dense"].op == Dense(units=3, use_bias=True)


@given(
    family=st.sampled_from(sorted(spec.FAMILIES)),
    alpha=st.floats(0.1, 1.0),
    resolution=st.integers(16, 128),
)
def test_shapes_origins_and_output_are_those_of_the_trained_graph(
    family: str, alpha: float, resolution: int
) -> None:
    graph = spec.lower(spec.make(family, alpha=alpha, resolution=resolution))
    fused = fuse(graph)
    members = [name for chain in fused.origins.values() for name in chain]
    assert sorted(members) == sorted(node.name for node in graph.nodes)
    for node in fused.graph.nodes:
        assert node.shape == graph.shapes[fused.origins[node.name][-1]]
    assert fused.origins[fused.graph.output][-1] == graph.output
    # what fuse builds is what the graph's own builder would have built, shapes derived anew
    assert graphs.from_json(graphs.to_json(fused.graph)) == fused.graph
    assert not any(isinstance(node.op, BatchNorm | Activation) for node in fused.graph.nodes)


def test_fusing_twice_changes_nothing() -> None:
    once = fuse(spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=48))).graph
    assert fuse(once).graph == once
