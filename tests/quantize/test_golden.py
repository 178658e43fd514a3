"""The golden interpreter beside torch's exact convolutions, and its table's completeness."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from wakeling import spec
from wakeling.errors import DataError, UnsupportedOpError
from wakeling.export import tflite
from wakeling.fuse import fuse
from wakeling.graph import INPUT, GraphBuilder, weight_key
from wakeling.ops import (
    OPERATORS,
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Operator,
    Pad,
    Padding,
    PointwiseKind,
    Quantize,
    Reshape,
    StridedSlice,
    Transpose,
    same_padding,
)
from wakeling.quantize import arithmetic, golden
from wakeling.quantize.kernels.sums import exact_matmul
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_images, random_model
from wakeling.verify.images import trial_inputs


def test_the_table_covers_every_operator_but_batch_norm() -> None:
    assert set(golden.KERNELS) == set(OPERATORS.values()) - {BatchNorm}
    assert set(LITERT_KERNELS) == set(golden.KERNELS)


def test_an_operator_without_a_kernel_is_named() -> None:
    model = random_model(0)
    kernels = {op: kernel for op, kernel in golden.KERNELS.items() if op is not type(model.graph.nodes[0].op)}
    with pytest.raises(UnsupportedOpError, match="golden interpreter"):
        golden.run(model, golden.to_int8(random_images(model, 1, 0)), kernels=kernels)


def test_int8_is_pixel_minus_128() -> None:
    pixels = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(golden.to_int8(pixels), (pixels.astype(int) - 128).astype(np.int8))


def one_operator(op: Operator, shape: tuple[int, int, int], seed: int) -> QuantizedModel:
    builder = GraphBuilder("one", shape)
    tensor = builder.append(op, INPUT, name="op")
    builder.append(Reshape(shape=(int(np.prod(builder.shape(tensor))),)), tensor)
    return quantize_randomly(builder.build(), seed)


def centered(
    model: QuantizedModel, images: npt.NDArray[np.int8], op: Conv2D | DepthwiseConv2D
) -> torch.Tensor:
    values = torch.from_numpy(images.astype(np.float64)) - model.tensors[INPUT].zero_point
    values = values.permute(0, 3, 1, 2)
    if op.padding == "same":
        height, width = values.shape[2:]
        rows, columns = ((size - 1) * step + 1 for size, step in zip(op.kernel, op.dilation, strict=True))
        top, bottom = same_padding(height, rows, op.stride[0])
        left, right = same_padding(width, columns, op.stride[1])
        values = torch.nn.functional.pad(values, (left, right, top, bottom))
    return values


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (3, 2)])
@pytest.mark.parametrize("groups", ["one", "two", "each channel", "three filters for each channel"])
def test_convolutions_are_torchs_within_rounding(
    padding: Padding, stride: tuple[int, int], dilation: tuple[int, int], groups: str
) -> None:
    common: Mapping[str, object] = {
        "kernel": (3, 2),
        "stride": stride,
        "padding": padding,
        "use_bias": True,
        "dilation": dilation,
    }
    depthwise = "channel" in groups
    op: Conv2D | DepthwiseConv2D
    if depthwise:
        op = DepthwiseConv2D(multiplier=3 if "three" in groups else 1, **common)  # type: ignore[arg-type]
    else:
        op = Conv2D(filters=6, groups=2 if groups == "two" else 1, **common)  # type: ignore[arg-type]
    model = one_operator(op, (11, 8, 4), 3)
    images = golden.to_int8(random_images(model, 4, 1))
    weight = torch.from_numpy(model.weights["op/weight"].astype(np.float64))
    weight = weight.permute(3, 0, 1, 2) if depthwise else weight.permute(0, 3, 1, 2)
    sums = torch.nn.functional.conv2d(
        centered(model, images, op),
        weight,
        stride=stride,
        dilation=dilation,
        groups=4 if depthwise else op.groups,  # type: ignore[union-attr]
    ).permute(0, 2, 3, 1)
    bias = model.biases["op/bias"].astype(np.float64)
    output = model.tensors["op"]
    factor = model.tensors[INPUT].scale * model.weight_scales["op"].astype(np.float64) / output.scale
    real = np.clip((sums.numpy() + bias) * factor + output.zero_point, -128, 127)
    found = golden.run_all(model, images)["op"]
    assert found.shape == real.shape
    # The first rounding is by 2^(shift - 31), the second to whole numbers: half a unit each.
    shift = np.array([arithmetic.quantize_multiplier(value)[1] for value in factor])
    assert (np.abs(found - real) <= 0.5 + 0.5 * 2.0**shift + 1e-6).all()
    assert len(np.unique(found)) > 20


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("pool", "stride"), [((2, 2), (2, 2)), ((3, 2), (2, 3)), ((3, 3), (1, 1))])
def test_pools_leave_the_padding_out(
    padding: Padding, pool: tuple[int, int], stride: tuple[int, int]
) -> None:
    for op in (
        AveragePool2D(pool=pool, stride=stride, padding=padding),
        MaxPool2D(pool=pool, stride=stride, padding=padding),
    ):
        model = one_operator(op, (7, 9, 3), 0)
        images = golden.to_int8(random_images(model, 3, 2))
        values = images.astype(np.float64)
        if padding == "same":
            margins = [same_padding(values.shape[i + 1], pool[i], stride[i]) for i in (0, 1)]
            values = np.pad(values, ((0, 0), *margins, (0, 0)), constant_values=np.nan)
        windows = np.lib.stride_tricks.sliding_window_view(values, pool, axis=(1, 2))
        windows = windows[:, :: stride[0], :: stride[1]]
        found = golden.run_all(model, images)["op"].astype(np.float64)
        if isinstance(op, MaxPool2D):
            np.testing.assert_array_equal(found, np.nanmax(windows, axis=(-1, -2)))
        else:
            assert np.abs(found - np.nanmean(windows, axis=(-1, -2))).max() <= 0.5


def test_a_pad_is_filled_with_the_zero_point() -> None:
    model = one_operator(Pad(rows=(1, 2), columns=(0, 3)), (2, 2, 1), 0)
    zero = model.tensors[INPUT].zero_point
    padded = golden.run_all(model, np.full((1, 2, 2, 1), 99, np.int8))["op"][0, :, :, 0]
    assert padded.shape == (5, 5)
    assert (padded[1:3, :2] == 99).all()
    assert (padded == zero).sum() == 25 - 4


@pytest.mark.parametrize("seed", range(6))
def test_the_batch_does_not_matter(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(seed)
    images = trial_inputs(model, random_images(model, 9, seed))
    whole = golden.run_all(model, images)
    monkeypatch.setattr(golden, "_BATCH_VALUES", 1)
    alone = golden.run_all(model, images)
    for name, values in whole.items():
        np.testing.assert_array_equal(values, alone[name])
    np.testing.assert_array_equal(golden.run(model, images), whole[model.graph.output])


def test_probabilities_are_those_of_the_last_output() -> None:
    graph = fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph
    model = quantize_randomly(graph, 0)
    pixels = random_images(model, 5, 0)
    outputs = golden.run(model, golden.to_int8(pixels))
    found = golden.probabilities(model, pixels)
    np.testing.assert_array_equal(found, (outputs[:, 1].astype(float) + 128) / 256)
    assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 4, 4, 3), np.int8),
        np.zeros((1, 32, 32, 3), np.uint8),
        np.zeros((0, 32, 32, 3), np.int8),
        np.zeros((32, 32, 3), np.int8),
    ],
)
def test_images_that_do_not_fit_are_refused(images: npt.NDArray[np.int8]) -> None:
    graph = fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=32))).graph
    with pytest.raises(DataError, match="takes int8 images"):
        golden.run(quantize_randomly(graph, 0), images)


def test_weights_of_extreme_sums_stay_exact() -> None:
    """Σ|weight|·255 above 2^24 leaves float32; the sums must still be whole and right."""
    builder = GraphBuilder("large", (24, 24, 8))
    tensor = builder.append(Conv2D(filters=3, kernel=(24, 24), padding="valid", use_bias=True), INPUT)
    builder.append(Reshape(shape=(3,)), tensor)
    model = quantize_randomly(builder.build(), 1)
    key = weight_key("conv2d_0", "weight")
    model = dataclasses.replace(model, weights={**model.weights, key: np.full((3, 24, 24, 8), 127, np.int8)})
    images = golden.to_int8(random_images(model, 2, 3))
    rows = images.reshape(2, -1).astype(np.int64)
    exact = 127 * rows.sum(axis=1)
    sums = exact_matmul(images.reshape(2, -1).astype(np.int32), model.weights[key].reshape(3, -1))
    np.testing.assert_array_equal(sums.astype(np.int64), np.repeat(exact[:, np.newaxis], 3, axis=1))
    assert sums.dtype == np.float64


def made_of(op: Operator, shape: tuple[int, int, int], seed: int) -> tuple[QuantizedModel, Any, Any]:
    """A model of one operator, noise images and what it makes of them."""
    model = one_operator(op, shape, seed)
    images = golden.to_int8(random_images(model, 5, seed))
    return model, images, golden.run_all(model, images)["op"]


def test_values_are_moved_as_numpy_moves_them() -> None:
    for op, expected in (
        (Transpose(order=(2, 0, 1)), lambda x: x.transpose(0, 3, 1, 2)),
        (
            StridedSlice(begin=(1, 0, 2), end=(4, 5, 3), strides=(2, 3, 1)),
            lambda x: x[:, 1:4:2, 0:5:3, 2:3],
        ),
        (Activation(kind="linear"), lambda x: x),
    ):
        _, images, made = made_of(op, (4, 5, 3), 0)
        np.testing.assert_array_equal(made, expected(images))


def test_channels_are_padded_with_the_zero_point_too() -> None:
    model, images, made = made_of(Pad(rows=(0, 1), columns=(2, 0), channels=(1, 3)), (2, 2, 2), 0)
    margins = ((0, 0), (0, 1), (2, 0), (1, 3))
    expected = np.pad(images, margins, constant_values=model.tensors[INPUT].zero_point)
    np.testing.assert_array_equal(made, expected)


@pytest.mark.parametrize("axes", [(0, 1), (1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize("keep_dims", [False, True])
def test_means_are_the_real_ones_within_two_roundings(axes: tuple[int, ...], keep_dims: bool) -> None:
    for seed in range(4):
        model, images, made = made_of(Mean(axes=axes, keep_dims=keep_dims), (6, 7, 5), seed)
        source, output = model.tensors[INPUT], model.tensors["op"]
        reals = source.scale * (images.astype(float) - source.zero_point)
        means = reals.mean(axis=tuple(axis + 1 for axis in axes)).reshape(made.shape)
        steps = np.clip(means / output.scale + output.zero_point, -128, 127)
        assert np.abs(made - steps).max() <= 0.76  # a half, and a quarter where the factor is near one


def test_tensors_of_different_rank_broadcast_behind_the_batch() -> None:
    builder = GraphBuilder("ranks", (3, 4, 2))
    vector = builder.append(Mean(axes=(0, 1)), INPUT, name="vector")
    total = builder.append(Add(), vector, INPUT, name="total")
    builder.append(Reshape(shape=(24,)), total)
    model = quantize_randomly(builder.build(), 1)
    found = golden.run_all(model, golden.to_int8(random_images(model, 3, 0)))

    def reals(name: str) -> npt.NDArray[np.float64]:
        quant = model.tensors[name]
        return quant.scale * (found[name].astype(float) - quant.zero_point)

    output = model.tensors["total"]
    expected = (reals(INPUT) + reals("vector")[:, np.newaxis, np.newaxis, :]) / output.scale
    expected = np.clip(expected + output.zero_point, -128, 127)
    assert np.abs(found["total"] - expected).max() <= 0.51


@pytest.mark.parametrize("kind", ["hard_sigmoid", "swish"])
def test_activations_that_tflite_lacks_are_named(kind: PointwiseKind) -> None:
    model = one_operator(Activation(kind=kind), (2, 2, 1), 0)
    images = golden.to_int8(random_images(model, 1, 0))
    with pytest.raises(UnsupportedOpError, match=f"'activation {kind}' has no entry in the golden"):
        golden.run(model, images)
    with pytest.raises(UnsupportedOpError, match=f"'activation {kind}' has no entry in the tflite export"):
        tflite.to_bytes(model)


def test_an_input_of_its_own_type_is_taken_and_others_are_refused() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    for element, fed in (("int8", golden.to_int8(pixels)), ("uint8", pixels)):
        builder = GraphBuilder("typed", (2, 2, 3), element)  # type: ignore[arg-type]
        builder.append(Quantize(), INPUT)
        model = quantize_randomly(builder.build(), 0)
        np.testing.assert_array_equal(golden.to_input(model, pixels), fed)
        golden.run(model, fed)
    builder = GraphBuilder("real", (2, 2, 3), "float32")
    builder.append(Quantize(), INPUT)
    model = quantize_randomly(builder.build(), 0)
    golden.run(model, pixels.astype(np.float32))
    with pytest.raises(DataError, match="does not say what a pixel becomes"):
        golden.to_input(model, pixels)
    with pytest.raises(DataError, match="takes float32 images"):
        golden.run(model, pixels)
    with pytest.raises(DataError, match="NaN"):
        golden.run(model, np.full((1, 2, 2, 3), np.nan, np.float32))
