"""TFLM refuses exactly what `quantize.runtime_limits` says; LiteRT takes it."""

from __future__ import annotations

import numpy as np
import pytest

from wakeling.errors import ModelFileError
from wakeling.export import tflite
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Activation, Concat, Mul, Reshape, StridedSlice, Transpose
from wakeling.quantize import golden
from wakeling.quantize.runtime_limits import CONCAT_INPUTS, SLICE_AXES, TRANSPOSE_AXES, tflm_refusals
from wakeling.testing.random_models import quantize_randomly, random_graph
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_job


def concat_of(count: int) -> Graph:
    builder = GraphBuilder("concat", (2, 3, 1))
    parts = [builder.append(Activation(kind="relu"), INPUT) for _ in range(count)]
    builder.append(Concat(axis=2), *parts)
    return builder.build()


def transpose_of(axes: int) -> Graph:
    builder = GraphBuilder("transpose", (2, 2, 2 ** (axes - 2)))
    tensor = builder.append(Reshape(shape=(2,) * axes), INPUT)
    builder.append(Transpose(order=tuple(reversed(range(axes)))), tensor)
    return builder.build()


def slice_of(axes: int) -> Graph:
    builder = GraphBuilder("slice", (2, 2, 2 ** (axes - 2)))
    tensor = builder.append(Reshape(shape=(2,) * axes), INPUT)
    builder.append(StridedSlice(begin=(1,) * axes, end=(2,) * axes, strides=(1,) * axes), tensor)
    return builder.build()


def product_of(axes: int) -> Graph:
    builder = GraphBuilder("product", (2, 2, 2 ** (axes - 2)))
    tensor = builder.append(Reshape(shape=(2,) * axes), INPUT)
    builder.append(Mul(constant=(2,)), tensor)
    return builder.build()


def runs(runtime: Runtime, graph: Graph) -> bool:
    """Whether a runtime takes a graph; where it does, golden agrees with it."""
    model = quantize_randomly(graph, 0)
    images = golden.to_int8(np.random.default_rng(0).integers(0, 256, (3, *graph.input_shape), np.uint8))
    try:
        outcome = run_job(runtime, Job(content=tflite.to_bytes(model), images=images))
    except ModelFileError:
        return False
    np.testing.assert_array_equal(outcome.outputs.ravel(), golden.run(model, images).ravel())
    return True


@pytest.mark.parametrize(
    ("graph", "taken"),
    [
        (concat_of(CONCAT_INPUTS), True),
        (concat_of(CONCAT_INPUTS + 1), False),
        (transpose_of(TRANSPOSE_AXES), True),
        (transpose_of(TRANSPOSE_AXES + 1), False),
        (slice_of(SLICE_AXES), True),
        (slice_of(SLICE_AXES + 1), False),
        (product_of(4), True),
    ],
    ids=lambda value: value.name if isinstance(value, Graph) else str(value),
)
def test_tflm_takes_a_graph_exactly_where_no_refusal_is_known(graph: Graph, taken: bool) -> None:
    assert runs("tflm", graph) == taken == (not tflm_refusals(graph))
    assert runs("litert", graph)


def test_a_refusal_names_the_node_and_the_limit() -> None:
    assert tflm_refusals(concat_of(12)) == ("'concat_12' concatenates 12 tensors; its limit is 10",)
    assert tflm_refusals(slice_of(4)) == ("'strided_slice_1' has an input of 4 axes; its limit is 3",)


def test_random_graphs_stay_within_the_limits() -> None:
    assert not any(tflm_refusals(random_graph(seed)) for seed in range(300))
