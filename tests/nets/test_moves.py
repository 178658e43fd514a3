"""Layers that move, join, broadcast and average: beside NumPy in the graph's own axis order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from wakeling.graph import INPUT, GraphBuilder, weight_shapes
from wakeling.nets import build, export_weights, initialize, layer_for, load_weights
from wakeling.nets.axes import to_graph_order, to_torch_order
from wakeling.ops import (
    Activation,
    Add,
    Concat,
    Dequantize,
    Mean,
    Mul,
    Operator,
    Pad,
    PointwiseKind,
    Quantize,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    output_shape,
)

Array = np.ndarray


def made(op: Operator, *inputs: Array, constant: Array | None = None) -> Array:
    """What the layer makes of batches in the graph's axis order, in that order."""
    layer = layer_for(op, inputs[0].shape[1:])
    if constant is not None:
        layer.constant.data.copy_(torch.from_numpy(constant))
    tensors = [to_torch_order(torch.from_numpy(array.astype(np.float32))) for array in inputs]
    with torch.no_grad():
        return to_graph_order(layer(*tensors)).numpy()


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng([seed, *shape]).normal(size=(3, *shape)).astype(np.float32)


@pytest.mark.parametrize("axes", [(0, 1), (0,), (2,), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_a_mean_leaves_out_or_keeps_its_axes(axes: tuple[int, ...], keep_dims: bool) -> None:
    op, x = Mean(axes=axes, keep_dims=keep_dims), noise(4, 5, 6)
    expected = x.mean(axis=tuple(axis + 1 for axis in axes), keepdims=keep_dims)
    np.testing.assert_allclose(made(op, x), expected.reshape(3, *output_shape(op, ((4, 5, 6),))), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 5, 3, 2), (2, 3, 4), (3, 4), (5,)])
def test_means_of_other_ranks(shape: tuple[int, ...]) -> None:
    x = noise(*shape)
    op = Mean(axes=(0,))
    np.testing.assert_allclose(made(op, x), x.mean(axis=1).reshape(3, *output_shape(op, (shape,))), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 3, 2), (3, 4), (5,)])
def test_axes_are_reordered_sliced_and_joined(shape: tuple[int, ...]) -> None:
    x, other = noise(*shape), noise(*shape, seed=1)
    order = tuple(reversed(range(len(shape))))
    np.testing.assert_array_equal(
        made(Transpose(order=order), x), x.transpose(0, *(axis + 1 for axis in order))
    )
    begin, end, strides = (1,) * len(shape), shape, (2,) * len(shape)
    sliced = x[(slice(None), *(slice(1, size, 2) for size in shape))]
    np.testing.assert_array_equal(made(StridedSlice(begin=begin, end=end, strides=strides), x), sliced)
    for axis in range(len(shape)):
        joined = np.concatenate([x, other, x], axis=axis + 1)
        np.testing.assert_array_equal(made(Concat(axis=axis), x, other, x), joined)


def test_channels_are_padded_with_zeros() -> None:
    x = noise(2, 3, 4)
    op = Pad(rows=(1, 0), columns=(0, 2), channels=(3, 1))
    np.testing.assert_array_equal(made(op, x), np.pad(x, ((0, 0), (1, 0), (0, 2), (3, 1))))


CONSTANTS = [(), (6,), (1, 1, 6), (4, 1, 1), (4, 5, 6), (5, 1)]


@pytest.mark.parametrize("shape", CONSTANTS)
@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (Add, lambda x, constant: x + constant),
        (Sub, lambda x, constant: x - constant),
        (Mul, lambda x, constant: x * constant),
    ],
)
def test_constants_are_aligned_at_the_end(
    shape: tuple[int, ...], op: type[Operator], expected: Callable[[Array, Array], Array]
) -> None:
    x, constant = noise(4, 5, 6), np.random.default_rng(1).normal(size=shape).astype(np.float32)
    np.testing.assert_allclose(made(op(constant=shape), x, constant=constant), expected(x, constant))


def test_a_constant_may_come_first_and_have_more_axes() -> None:
    x, constant = noise(6), np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)
    op = Sub(constant=(5, 6), constant_first=True, activation="relu")
    np.testing.assert_allclose(
        made(op, x, constant=constant), np.maximum(constant - x[:, np.newaxis], 0), atol=1e-6
    )


@pytest.mark.parametrize("shape", [(4, 5, 6), (1, 1, 6), (4, 1, 1), (6,), (5, 6), (1,)])
def test_tensors_broadcast_whatever_their_rank(shape: tuple[int, ...]) -> None:
    x, other = noise(4, 5, 6), noise(*shape)
    aligned = other.reshape(3, *(1,) * (3 - len(shape)), *shape)
    np.testing.assert_allclose(made(Mul(), x, other), x * aligned)
    np.testing.assert_allclose(made(Sub(), other, x), aligned - x)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("hard_swish", lambda x: x * np.clip(x + 3, 0, 6) / 6),
        ("hard_sigmoid", lambda x: np.clip(x + 3, 0, 6) / 6),
        ("sigmoid", lambda x: 1 / (1 + np.exp(-x))),
        ("swish", lambda x: x / (1 + np.exp(-x))),
        ("tanh", np.tanh),
    ],
)
def test_activations_by_their_definition(kind: PointwiseKind, function: Callable[[Array], Array]) -> None:
    x = np.linspace(-8, 8, 60, dtype=np.float32).reshape(1, 3, 4, 5)
    np.testing.assert_allclose(made(Activation(kind=kind), x), function(x), atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 5, 6), (3, 4), (5,)])
def test_softmax_is_over_the_last_axis_with_beta(shape: tuple[int, ...]) -> None:
    x = noise(*shape)
    exponential = np.exp(0.5 * x)
    expected = exponential / exponential.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(made(Softmax(beta=0.5), x), expected, atol=1e-6)


def test_quantize_and_dequantize_change_no_real_number() -> None:
    x = noise(2, 3, 4)
    np.testing.assert_array_equal(made(Quantize(), x), x)
    np.testing.assert_array_equal(made(Dequantize(), x), x)


def test_constants_are_weights_that_start_neutral_and_come_back() -> None:
    builder = GraphBuilder("constants", (2, 3, 4))
    tensor = builder.append(Mul(constant=()), INPUT, name="scalar")
    tensor = builder.append(Add(constant=(4,)), tensor, name="channels")
    builder.append(Sub(constant=(3, 1)), tensor, name="columns")
    module = build(builder.build())
    initialize(module, 0)
    x = torch.randn(5, 4, 2, 3)
    assert torch.equal(module(x), x)
    shapes = weight_shapes(module.graph)
    weights = {key: np.full(shape, 0.5, np.float32) for key, shape in shapes.items()}
    load_weights(module, weights)
    found = export_weights(module)
    assert {key: array.shape for key, array in found.items()} == shapes
    torch.testing.assert_close(module(x), x * 0.5)
    assert len(list(module.parameters())) == 3
