"""The golden interpreter beside torch's exact convolutions, and its table's completeness."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
import torch

from wakeling import spec
from wakeling.errors import DataError, UnsupportedOpError
from wakeling.fuse import fuse
from wakeling.graph import INPUT, GraphBuilder, weight_key
from wakeling.ops import (
    OPERATORS,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Padding,
    Reshape,
    same_padding,
)
from wakeling.quantize import arithmetic, golden
from wakeling.quantize.kernels.sums import exact_matmul
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_images, random_model


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
        top, bottom = same_padding(height, op.kernel[0], op.stride[0])
        left, right = same_padding(width, op.kernel[1], op.stride[1])
        values = torch.nn.functional.pad(values, (left, right, top, bottom))
    return values


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 2)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_convolutions_are_torchs_within_rounding(
    padding: Padding, stride: tuple[int, int], depthwise: bool
) -> None:
    common: Mapping[str, object] = {
        "kernel": (3, 2),
        "stride": stride,
        "padding": padding,
        "use_bias": True,
    }
    op = DepthwiseConv2D(**common) if depthwise else Conv2D(filters=6, **common)  # type: ignore[arg-type]
    model = one_operator(op, (11, 8, 5), 3)
    images = golden.to_int8(random_images(model, 4, 1))
    weight = torch.from_numpy(model.weights["op/weight"].astype(np.float64))
    weight = weight.permute(3, 0, 1, 2) if depthwise else weight.permute(0, 3, 1, 2)
    sums = torch.nn.functional.conv2d(
        centered(model, images, op), weight, stride=stride, groups=5 if depthwise else 1
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
    assert len(np.unique(found)) > 50


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
    images = golden.to_int8(random_images(model, 9, seed))
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
