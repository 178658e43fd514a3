from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.nets.reference import convolve, pool
from wakeling.errors import UnsupportedOpError
from wakeling.nets import LAYERS, layer_for
from wakeling.ops import (
    OPERATORS,
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Pad,
    Reshape,
    Softmax,
)

windowed = st.fixed_dictionaries(
    {
        "height": st.integers(4, 9),
        "width": st.integers(4, 9),
        "window": st.tuples(st.integers(1, 4), st.integers(1, 4)),
        "stride": st.tuples(st.integers(1, 3), st.integers(1, 3)),
        "padding": st.sampled_from(["same", "valid"]),
        "dilation": st.sampled_from([(1, 1), (2, 1), (1, 2)]),
        "several": st.sampled_from([1, 3]),
        "seed": st.integers(0, 1000),
    }
)


def on_image(layer: torch.nn.Module, image: np.ndarray) -> np.ndarray:
    """A layer's output on one (height, width, channels) array, in the same order."""
    x = torch.from_numpy(image.astype(np.float32))[None].permute(0, 3, 1, 2)
    with torch.no_grad():
        return layer(x)[0].permute(1, 2, 0).numpy()


def test_every_operator_has_a_layer():
    assert set(LAYERS) == set(OPERATORS.values())


def test_an_unknown_operator_is_named():
    @dataclass
    class Rotate:
        degrees: float = 0

    with pytest.raises(UnsupportedOpError, match=r"'Rotate' has no entry in the torch layer table"):
        layer_for(Rotate(), (4, 4, 1))  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(windowed)
def test_convolution_is_the_sum_over_tflites_windows(case):
    random = np.random.default_rng(case["seed"])
    image = random.normal(size=(case["height"] + 3, case["width"] + 3, 6))
    op = Conv2D(
        filters=9,
        kernel=case["window"],
        stride=case["stride"],
        padding=case["padding"],
        dilation=case["dilation"],
        groups=case["several"],
    )
    weight = random.normal(size=(9, *case["window"], 6 // op.groups)).astype(np.float32)
    layer = layer_for(op, image.shape)
    layer.weight.data.copy_(torch.from_numpy(weight).permute(0, 3, 1, 2))
    expected = convolve(
        image,
        weight,
        op.kernel,
        op.stride,
        op.padding,
        depthwise=False,
        dilation=op.dilation,
        groups=op.groups,
    )
    np.testing.assert_allclose(on_image(layer, image), expected, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(windowed)
def test_depthwise_convolution_is_the_sum_over_tflites_windows(case):
    random = np.random.default_rng(case["seed"])
    image = random.normal(size=(case["height"] + 3, case["width"] + 3, 3))
    op = DepthwiseConv2D(
        kernel=case["window"],
        stride=case["stride"],
        padding=case["padding"],
        dilation=case["dilation"],
        multiplier=case["several"],
    )
    weight = random.normal(size=(1, *case["window"], 3 * op.multiplier)).astype(np.float32)
    layer = layer_for(op, image.shape)
    layer.weight.data.copy_(torch.from_numpy(weight).permute(3, 0, 1, 2))
    expected = convolve(image, weight, op.kernel, op.stride, op.padding, depthwise=True, dilation=op.dilation)
    np.testing.assert_allclose(on_image(layer, image), expected, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(windowed)
def test_pooling_counts_only_positions_inside_the_image(case):
    image = np.random.default_rng(case["seed"]).normal(size=(case["height"], case["width"], 2))
    sizes = {"pool": case["window"], "stride": case["stride"], "padding": case["padding"]}
    for op, reduce in ((AveragePool2D(**sizes), np.mean), (MaxPool2D(**sizes), np.max)):
        expected = pool(image, case["window"], case["stride"], case["padding"], reduce)
        np.testing.assert_allclose(on_image(layer_for(op, image.shape), image), expected, atol=1e-5)


def test_global_average_pooling_is_the_mean():
    image = np.random.default_rng(0).normal(size=(3, 5, 2))
    layer = layer_for(AveragePool2D(pool=(3, 5)), image.shape)
    np.testing.assert_allclose(on_image(layer, image)[0, 0], image.mean(axis=(0, 1)), atol=1e-6)


def test_reshape_reads_height_width_channels():
    image = np.arange(24).reshape(2, 3, 4)
    x = torch.from_numpy(image.astype(np.float32))[None].permute(0, 3, 1, 2)
    flat = layer_for(Reshape(shape=(24,)), (2, 3, 4))(x)
    assert flat[0].tolist() == list(range(24))
    again = layer_for(Reshape(shape=(2, 3, 4)), (24,))(flat)
    assert torch.equal(again, x)
    squeezed = on_image(layer_for(Reshape(shape=(6, 2, 2)), (2, 3, 4)), image)
    assert squeezed.tolist() == image.reshape(6, 2, 2).tolist()


def test_pad_puts_zeros_on_the_named_sides():
    image = np.ones((2, 2, 1))
    padded = on_image(layer_for(Pad(rows=(1, 2), columns=(0, 3)), (2, 2, 1)), image)
    expected = np.pad(image, ((1, 2), (0, 3), (0, 0)))
    assert padded.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("kind", "expected"), [("linear", [-3, 2, 9]), ("relu", [0, 2, 9]), ("relu6", [0, 2, 6])]
)
def test_activations_alone_and_fused(kind, expected):
    x = torch.tensor([[-3.0, 2.0, 9.0]])
    assert layer_for(Activation(kind=kind), (3,))(x).tolist() == [expected]
    assert layer_for(Add(activation=kind), (3,))(x, torch.zeros(1, 3)).tolist() == [expected]
    dense = layer_for(Dense(units=3, activation=kind), (3,))
    dense.weight.data.copy_(torch.eye(3))
    assert dense(x).tolist() == [expected]
    conv = layer_for(Conv2D(filters=3, kernel=(1, 1), activation=kind), (1, 1, 3))
    conv.weight.data.copy_(torch.eye(3).view(3, 3, 1, 1))
    assert conv(x.view(1, 3, 1, 1)).flatten().tolist() == expected


def test_softmax_sums_to_one():
    made = layer_for(Softmax(), (3,))(torch.tensor([[0.0, np.log(2.0), np.log(5.0)]]))
    assert made[0].tolist() == pytest.approx([1 / 8, 2 / 8, 5 / 8])


def test_batch_norm_uses_the_operators_epsilon():
    layer = layer_for(BatchNorm(epsilon=0.5), (1, 1, 1)).eval()
    assert float(layer(torch.full((1, 1, 1, 1), 3.0)).detach()) == pytest.approx(3.0 / np.sqrt(1.5))
