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
from wakeling.testing.random_models import quantize_randomly, random_graph, random_images
from wakeling.verify.jobs import Job, Runtime
from wakeling.verify.process import run_jobs


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


TAKEN = (concat_of(CONCAT_INPUTS), transpose_of(TRANSPOSE_AXES), slice_of(SLICE_AXES), product_of(4))
REFUSED = (concat_of(CONCAT_INPUTS + 1), transpose_of(TRANSPOSE_AXES + 1), slice_of(SLICE_AXES + 1))


def check(runtime: Runtime, graphs: tuple[Graph, ...]) -> None:
    """The runtime takes every graph and computes what golden computes."""
    models = [quantize_randomly(graph, 0) for graph in graphs]
    images = [golden.to_int8(random_images(model, 3, 0)) for model in models]
    jobs = [
        Job(content=tflite.to_bytes(model), images=image) for model, image in zip(models, images, strict=True)
    ]
    for model, image, outcome in zip(models, images, run_jobs(runtime, jobs), strict=True):
        np.testing.assert_array_equal(outcome.outputs.ravel(), golden.run(model, image).ravel())


def test_tflm_takes_what_no_refusal_is_known_for() -> None:
    assert not any(tflm_refusals(graph) for graph in TAKEN)
    check("tflm", TAKEN)


@pytest.mark.parametrize("graph", REFUSED, ids=lambda graph: graph.name)
def test_tflm_refuses_one_more_than_the_limit(graph: Graph) -> None:
    assert tflm_refusals(graph)
    with pytest.raises(ModelFileError, match="refuses this model"):
        check("tflm", (graph,))


def test_litert_takes_all_of_them() -> None:
    check("litert", TAKEN + REFUSED)


def test_a_refusal_names_the_node_and_the_limit() -> None:
    assert tflm_refusals(concat_of(12)) == ("'concat_12' concatenates 12 tensors; its limit is 10",)
    assert tflm_refusals(slice_of(4)) == ("'strided_slice_1' has an input of 4 axes; its limit is 3",)


def test_random_graphs_stay_within_the_limits() -> None:
    assert not any(tflm_refusals(random_graph(seed)) for seed in range(300))
