"""The graph: building, refusing, views, weights, JSON, hash."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from wakeling.errors import GraphError, UnsupportedOpError
from wakeling.graph import (
    INPUT,
    Graph,
    GraphBuilder,
    content_hash,
    from_json,
    to_json,
    weight_key,
    weight_shapes,
)
from wakeling.ops import Add, BatchNorm, Conv2D, Dense


def small_graph(name: str = "small") -> Graph:
    builder = GraphBuilder(name, (8, 8, 3))
    stem = builder.conv_bn(INPUT, filters=4, kernel=3, stride=2, name="stem")
    deep = builder.depthwise_bn(stem, name="deep")
    both = builder.add(stem, deep, name="both")
    builder.classifier(both, classes=2)
    return builder.build()


def test_nodes_are_in_order_with_their_shapes() -> None:
    graph = small_graph()
    assert [node.name for node in graph.nodes] == [
        "stem",
        "stem_bn",
        "stem_relu6",
        "deep",
        "deep_bn",
        "deep_relu6",
        "both",
        "head_pool",
        "head_flatten",
        "head_dense",
        "head_softmax",
    ]
    assert graph.output == "head_softmax"
    assert graph.shapes[INPUT] == (8, 8, 3)
    assert graph.shapes["both"] == (4, 4, 4)
    assert graph.shapes["head_dense"] == (2,)


def test_consumers_name_each_reader_once() -> None:
    builder = GraphBuilder("twice", (2, 2, 1))
    builder.append(Add(), INPUT, INPUT, name="double")
    graph = builder.build()
    assert [node.name for node in graph.consumers[INPUT]] == ["double"]
    assert graph.consumers["double"] == ()
    assert [node.name for node in small_graph().consumers["stem_relu6"]] == ["deep", "both"]


def test_linear_blocks_have_no_activation() -> None:
    builder = GraphBuilder("linear", (4, 4, 1))
    tensor = builder.conv_bn(INPUT, filters=2, kernel=1, activation="linear", name="flat")
    assert tensor == "flat_bn"


def test_weights_have_tflites_shapes() -> None:
    assert weight_shapes(small_graph()) == {
        "stem/weight": (4, 3, 3, 3),
        **{f"stem_bn/{part}": (4,) for part in ("gamma", "beta", "mean", "variance")},
        "deep/weight": (1, 3, 3, 4),
        **{f"deep_bn/{part}": (4,) for part in ("gamma", "beta", "mean", "variance")},
        "head_dense/weight": (2, 4),
        "head_dense/bias": (2,),
    }
    assert weight_key("stem", "weight") == weight_key(small_graph().by_name["stem"], "weight")


def test_bias_has_one_value_for_each_output() -> None:
    builder = GraphBuilder("bias", (4, 4, 3))
    builder.append(Conv2D(filters=5, kernel=(1, 1), use_bias=True), INPUT, name="conv")
    assert weight_shapes(builder.build())["conv/bias"] == (5,)


def test_json_round_trip_and_hash() -> None:
    graph = small_graph()
    again = from_json(json.loads(json.dumps(to_json(graph))))
    assert again == graph
    assert content_hash(again) == content_hash(graph)
    assert len(content_hash(graph)) == 16
    assert content_hash(small_graph("other")) != content_hash(graph)


def test_pickles_and_copies_are_equal_even_after_views_were_used() -> None:
    graph = small_graph()
    assert graph.shapes
    assert graph.by_name
    assert graph.consumers
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert copy.deepcopy(graph).shapes == graph.shapes


def test_a_file_cannot_lie_about_shapes() -> None:
    value = to_json(small_graph())
    value["nodes"][0]["shape"] = [1, 1, 1]
    assert from_json(value) == small_graph()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "wakeling.graph/9"}, "this version reads 'wakeling.graph/1'"),
        ({"nodes": []}, "has no operators"),
        ({"nodes": 3}, "malformed"),
        ({"input_shape": [8, 0, 3]}, "input shape must be"),
        ({"input_shape": None}, "malformed"),
        ({"output": "nowhere"}, "'nowhere' is not made"),
    ],
)
def test_malformed_files_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(GraphError, match=message):
        from_json({**to_json(small_graph()), **change})


def test_a_file_with_an_unknown_operator_is_refused() -> None:
    value = to_json(small_graph())
    value["nodes"][0]["op"] = "conv9d"
    with pytest.raises(UnsupportedOpError, match="conv9d"):
        from_json(value)
    del value["nodes"][0]["op"]
    with pytest.raises(GraphError, match="malformed: KeyError"):
        from_json(value)


@pytest.mark.parametrize("shape", [(8, 8, 0), (0, 8, 3), ()])
def test_the_input_has_something_in_it(shape: tuple[int, ...]) -> None:
    with pytest.raises(GraphError, match="input shape must be"):
        GraphBuilder("odd", shape)


def test_builder_refuses_repeated_and_unknown_names() -> None:
    builder = GraphBuilder("names", (4, 4, 1))
    builder.append(BatchNorm(), INPUT, name="one")
    with pytest.raises(GraphError, match="'one' is used twice"):
        builder.append(BatchNorm(), INPUT, name="one")
    with pytest.raises(GraphError, match="'input' is used twice"):
        builder.append(BatchNorm(), INPUT, name=INPUT)
    with pytest.raises(GraphError, match="'two' is not made before it is read; known: input, one"):
        builder.append(BatchNorm(), "two")
    with pytest.raises(GraphError, match="dense takes a vector"):
        builder.append(Dense(units=2), "one")


def test_builder_names_nodes_itself_where_asked() -> None:
    builder = GraphBuilder("auto", (4, 4, 1))
    assert builder.append(BatchNorm(), INPUT) == "batch_norm_0"
    assert builder.append(BatchNorm(), "batch_norm_0") == "batch_norm_1"
