from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import GraphError
from wakeling.graph import GraphBuilder
from wakeling.ops import Activation, AveragePool2D, Concat, Conv2D, MaxPool2D, Pad, Quantize, Softmax
from wakeling.quantize.affine import (
    quant_of_range,
    quant_sources,
    ranged_tensors,
    scales_of_weight,
    tensor_quants,
)
from wakeling.quantize.model import TensorQuant

ends = st.floats(-1000, 1000, allow_nan=False, width=32)


@given(ends, ends)
def test_a_range_is_covered_to_half_a_step_and_zero_is_exact(one, other):
    low, high = min(one, other, 0.0), max(one, other, 0.0)
    quant = quant_of_range(min(one, other), max(one, other))
    assert -128 <= quant.zero_point <= 127
    if high - low > 1e-6:
        first = quant.scale * (-128 - quant.zero_point)
        last = quant.scale * (127 - quant.zero_point)
        assert first == pytest.approx(low, abs=quant.scale * 0.501)
        assert last == pytest.approx(high, abs=quant.scale * 0.501)
        assert quant.scale == pytest.approx((high - low) / 255, rel=1e-6)


def test_ranges_by_hand():
    assert quant_of_range(0.0, 6.0) == TensorQuant(scale=6 / 255, zero_point=-128)
    assert quant_of_range(-1.28, 1.27) == TensorQuant(scale=2.55 / 255, zero_point=0)
    assert quant_of_range(2.0, 5.1) == TensorQuant(scale=5.1 / 255, zero_point=-128)
    assert quant_of_range(-5.1, -2.0) == TensorQuant(scale=5.1 / 255, zero_point=127)
    assert quant_of_range(0.0, 0.0) == TensorQuant(scale=1 / 255, zero_point=-128)


@pytest.mark.parametrize("pair", [(float("nan"), 1.0), (0.0, float("inf")), (2.0, 1.0)])
def test_a_range_without_sense_is_refused(pair):
    with pytest.raises(GraphError, match="finite and ordered"):
        quant_of_range(*pair)


def test_weight_scales_put_the_largest_weight_at_127():
    scales = scales_of_weight(np.array([1.27, 0.127, 0.0, 1e-30], np.float32))
    assert scales[:2] == pytest.approx([0.01, 0.001])
    assert scales[2:] == pytest.approx([0.01 * 2**-16] * 2)
    assert scales_of_weight(np.zeros(2, np.float32)) == pytest.approx([1 / 127] * 2)


def test_pooling_padding_and_reshaping_keep_their_inputs_scale():
    builder = GraphBuilder("keeps", (8, 8, 1))
    x = builder.append(Pad(rows=(1, 1), columns=(1, 1)), "input", name="pad")
    x = builder.conv_bn(x, filters=2, kernel=3, name="conv")
    x = builder.append(MaxPool2D(pool=(2, 2), stride=(2, 2)), "conv", name="max")
    x = builder.append(AveragePool2D(pool=(2, 2)), x, name="mean")
    builder.classifier(x, classes=2)
    graph = builder.build()
    sources = quant_sources(graph)
    assert sources["pad"] == "input"
    assert {sources[name] for name in ("max", "mean", "head_pool", "head_flatten")} == {"conv"}
    ranges = dict.fromkeys(("conv", "conv_bn", "conv_relu6", "head_dense"), (-1.0, 3.0))
    quants = tensor_quants(graph, ranges)
    assert quants["input"] == quants["pad"] == TensorQuant(scale=1 / 128, zero_point=0)
    assert quants["head_flatten"] == quants["conv"]
    assert quants["head_softmax"] == TensorQuant(scale=1 / 256, zero_point=-128)
    assert isinstance(graph.by_name["head_softmax"].op, Softmax)
    with pytest.raises(GraphError, match="tensor 'head_dense' has no range"):
        tensor_quants(graph, {name: pair for name, pair in ranges.items() if name != "head_dense"})


def test_a_concatenation_gives_all_that_it_joins_the_range_of_all():
    builder = GraphBuilder("joins", (8, 8, 1))
    one = builder.append(Conv2D(filters=2, kernel=(1, 1)), "input", name="one")
    pooled = builder.append(MaxPool2D(pool=(2, 2)), one, name="pooled")
    other = builder.append(Conv2D(filters=2, kernel=(1, 1)), pooled, name="other")
    joined = builder.append(Concat(axis=2), pooled, other, name="joined")
    third = builder.append(Conv2D(filters=4, kernel=(1, 1)), joined, name="third")
    builder.append(Concat(axis=2), third, pooled, name="again")
    graph = builder.build()
    assert set(quant_sources(graph).values()) == {"input", "one"}
    assert ranged_tensors(graph)["one"] == ("one", "other", "third")
    quants = tensor_quants(graph, {"one": (-1.0, 2.0), "other": (0.0, 5.0), "third": (-3.0, 0.5)})
    assert {quants[name] for name in graph.shapes if name != "input"} == {quant_of_range(-3.0, 5.0)}


@pytest.mark.parametrize("second", ["sigmoid", "hard_swish"])
def test_a_fixed_scale_cannot_be_joined_with_another(second):
    builder = GraphBuilder("fixed", (8, 8, 1))
    bent = builder.append(Activation(kind="tanh"), "input", name="bent")
    other = builder.append(Activation(kind=second), "input", name="other")
    builder.append(Concat(axis=2), bent, other, name="joined")
    with pytest.raises(GraphError, match="in between"):
        ranged_tensors(builder.build())


def test_types_decide_zero_points():
    builder = GraphBuilder("types", (8, 8, 1), "uint8")
    tensor = builder.append(Quantize(), "input", name="q")
    builder.append(Quantize(to="uint8"), tensor, name="end")
    quants = tensor_quants(builder.build(), {"q": (-1.0, 1.0), "end": (-1.0, 1.0)})
    assert quants["input"] == TensorQuant(scale=1 / 128, zero_point=128)
    assert quants["end"].zero_point == quants["q"].zero_point + 128
    real = GraphBuilder("real", (8, 8, 1), "float32")
    real.append(Quantize(), "input", name="q")
    assert set(tensor_quants(real.build(), {"q": (-1.0, 1.0)})) == {"q"}


def test_prescribed_scales_need_no_range():
    builder = GraphBuilder("fixed", (8, 8, 1))
    builder.append(Activation(kind="sigmoid"), "input", name="sigmoid")
    builder.append(Activation(kind="tanh"), "sigmoid", name="tanh")
    quants = tensor_quants(builder.build(), {})
    assert quants["sigmoid"] == TensorQuant(scale=1 / 256, zero_point=-128)
    assert quants["tanh"] == TensorQuant(scale=1 / 128, zero_point=0)
