"""The golden int8 interpreter: what every other runtime must compute, bit for bit.

Plain NumPy, one function an operator, found through the table `KERNELS`. Images are (N, height,
width, channels). The fixed-point rounding is in `quantize.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import DataError, UnsupportedOpError
from wakeling.graph import INPUT, Node, weight_key
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Operator,
    Pad,
    Padding,
    Pair,
    Reshape,
    Softmax,
    activation_of,
    operator_name,
    same_padding,
)
from wakeling.quantize import arithmetic, fixed_softmax
from wakeling.quantize.model import Int8Array, QuantizedModel

Int32Array = npt.NDArray[np.int32]
Kernel = Callable[[QuantizedModel, Node, tuple[Int8Array, ...]], Int8Array]
KernelTable = Mapping[type[Operator], Kernel]

_BATCH_VALUES = 1 << 20
"""Values of the largest tensor in one batch: keeps the working memory near 50 MB."""


def to_int8(images: npt.NDArray[np.uint8]) -> Int8Array:
    """Pixels 0..255 as the model's input: int8 = pixel − 128 (flip the top bit)."""
    result: Int8Array = (np.asarray(images) ^ np.uint8(128)).view(np.int8)
    return result


def run(model: QuantizedModel, images: Int8Array, *, kernels: KernelTable | None = None) -> Int8Array:
    """The outputs (N, classes) for int8 images (N, height, width, channels).

    `kernels` replaces `KERNELS`, to imitate a runtime that differs in a named way. Raises
    DataError for images of another shape or type, UnsupportedOpError for an operator that the
    table lacks.
    """
    outputs = [
        tensors[model.graph.output] for tensors in _batches(model, images, kernels or KERNELS, keep_all=False)
    ]
    return np.concatenate(outputs)


def run_all(
    model: QuantizedModel, images: Int8Array, *, kernels: KernelTable | None = None
) -> dict[str, Int8Array]:
    """Every tensor by its name, the input included; otherwise as `run`."""
    batches = list(_batches(model, images, kernels or KERNELS, keep_all=True))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def probabilities(model: QuantizedModel, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The probability of the wake word (the last output) for uint8 images, (N,), in 0..1."""
    quant = model.tensors[model.graph.output]
    outputs = run(model, to_int8(images))
    result: npt.NDArray[np.float64] = quant.scale * (outputs[:, -1].astype(np.float64) - quant.zero_point)
    return result


def _batches(
    model: QuantizedModel, images: Int8Array, kernels: KernelTable, *, keep_all: bool
) -> Iterator[dict[str, Int8Array]]:
    shape = model.graph.input_shape
    if images.dtype != np.int8 or images.shape[1:] != shape or len(images) == 0:
        raise DataError(f"the model takes int8 images (N, {shape}); given {images.dtype} {images.shape}")
    largest = max(int(np.prod(tensor)) for tensor in model.graph.shapes.values())
    size = max(1, _BATCH_VALUES // largest)
    for start in range(0, len(images), size):
        yield _run_batch(model, images[start : start + size], kernels, keep_all=keep_all)


def _run_batch(
    model: QuantizedModel, images: Int8Array, kernels: KernelTable, *, keep_all: bool
) -> dict[str, Int8Array]:
    tensors = {INPUT: np.ascontiguousarray(images)}
    last_reader = {name: readers[-1].name for name, readers in model.graph.consumers.items() if readers}
    for node in model.graph.nodes:
        kernel = kernels.get(type(node.op))
        if kernel is None:
            raise UnsupportedOpError(operator_name(node.op), "golden interpreter")
        tensors[node.name] = kernel(model, node, tuple(tensors[name] for name in node.inputs))
        if not keep_all:
            for name in dict.fromkeys(node.inputs):
                if last_reader[name] == node.name and name != model.graph.output:
                    del tensors[name]
    return tensors


def _conv2d(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, Conv2D)
    weight = model.weights[weight_key(node, "weight")]
    windows = _windows(model, node, inputs[0], op.kernel, op.stride, op.padding)
    rows = np.concatenate([window for _, window in windows], axis=-1)
    columns = weight.reshape(op.filters, -1)
    return _requantized(model, node, _exact_matmul(rows, columns))


def _depthwise_conv2d(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, DepthwiseConv2D)
    weight = model.weights[weight_key(node, "weight")][0].astype(np.int32)
    sums = np.zeros((len(inputs[0]), *node.shape), np.int32)
    for (row, column), window in _windows(model, node, inputs[0], op.kernel, op.stride, op.padding):
        sums += window * weight[row, column]
    return _requantized(model, node, sums)


def _dense(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    return _requantized(model, node, dense_sums(model, node, inputs[0]))


def _add(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    left, right = (model.tensors[name] for name in node.inputs)
    output = model.tensors[node.name]
    total = arithmetic.add(
        inputs[0].astype(np.int64) - left.zero_point,
        inputs[1].astype(np.int64) - right.zero_point,
        arithmetic.add_factors(left, right, output),
    )
    limits = arithmetic.activation_range(activation_of(node.op), output)
    return arithmetic.to_int8(total, output.zero_point, limits)


def _average_pool2d(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, AveragePool2D)
    sums = np.zeros((len(inputs[0]), *node.shape), np.int64)
    counts = np.zeros((1, *node.shape[:2], 1), np.int64)
    inside = np.ones((1, *inputs[0].shape[1:3], 1), np.int32)
    for _, window in _slide(inputs[0].astype(np.int32), op.pool, op.stride, op.padding, fill=0):
        sums += window
    for _, window in _slide(inside, op.pool, op.stride, op.padding, fill=0):
        counts += window
    return arithmetic.rounded_mean(sums, counts).astype(np.int8)


def _max_pool2d(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, MaxPool2D)
    largest = np.full((len(inputs[0]), *node.shape), arithmetic.INT8_MIN, np.int8)
    for _, window in _slide(inputs[0], op.pool, op.stride, op.padding, fill=arithmetic.INT8_MIN):
        np.maximum(largest, window, out=largest)
    return largest


def _pad(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, Pad)
    zero_point = model.tensors[node.inputs[0]].zero_point
    return np.pad(inputs[0], ((0, 0), op.rows, op.columns, (0, 0)), constant_values=zero_point)


def _reshape(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    return inputs[0].reshape(len(inputs[0]), *node.shape)


def _activation(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    op = node.op
    assert isinstance(op, Activation)
    limits = arithmetic.activation_range(op.kind, model.tensors[node.name])
    return np.clip(inputs[0], *limits)


def _softmax(model: QuantizedModel, node: Node, inputs: tuple[Int8Array, ...]) -> Int8Array:
    return fixed_softmax.softmax(inputs[0], model.tensors[node.inputs[0]].scale)


KERNELS: KernelTable = MappingProxyType(
    {
        Conv2D: _conv2d,
        DepthwiseConv2D: _depthwise_conv2d,
        Dense: _dense,
        Add: _add,
        AveragePool2D: _average_pool2d,
        MaxPool2D: _max_pool2d,
        Pad: _pad,
        Reshape: _reshape,
        Activation: _activation,
        Softmax: _softmax,
    }
)
"""Every operator of a fused graph; batch norm is missing because fusing removes it."""


def _windows(
    model: QuantizedModel, node: Node, values: Int8Array, kernel: Pair, stride: Pair, padding: Padding
) -> Iterator[tuple[Pair, Int32Array]]:
    """As `_slide`, with the zero point taken off first, so that padding counts as zero."""
    centered = values.astype(np.int32) - model.tensors[node.inputs[0]].zero_point
    return _slide(centered, kernel, stride, padding, fill=0)


def _slide(
    values: npt.NDArray[Any],  # Any: int8 or int32, and the same comes out
    kernel: Pair,
    stride: Pair,
    padding: Padding,
    *,
    fill: int,
) -> Iterator[tuple[Pair, npt.NDArray[Any]]]:
    """For each (row, column) of the window, what all output positions see there."""
    margins = [(0, 0), (0, 0)]
    if padding == "same":
        margins = [same_padding(values.shape[axis + 1], kernel[axis], stride[axis]) for axis in (0, 1)]
    if any(before or after for before, after in margins):
        values = np.pad(values, ((0, 0), *margins, (0, 0)), constant_values=fill)
    rows, columns = (
        (size - window) // step + 1
        for size, window, step in zip(values.shape[1:3], kernel, stride, strict=True)
    )
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            vertical = slice(row, row + (rows - 1) * stride[0] + 1, stride[0])
            horizontal = slice(column, column + (columns - 1) * stride[1] + 1, stride[1])
            yield (row, column), values[:, vertical, horizontal]


def _exact_matmul(rows: Int32Array, columns: Int8Array) -> npt.NDArray[Any]:
    """rows (…, K) times columns (outputs, K) transposed, exact, as whole numbers in floats.

    Every partial sum is bounded by 255 · Σ|weight|. Below 2^24 float32 holds it exactly, and
    float64 always does (below 2^53), so BLAS may add in any order.
    """
    bound = 255 * int(np.abs(columns.astype(np.int64)).sum(axis=1).max())
    if bound < 2**24:
        return rows.astype(np.float32) @ columns.astype(np.float32).T
    return rows.astype(np.float64) @ columns.astype(np.float64).T


def dense_sums(model: QuantizedModel, node: Node, values: Int8Array) -> npt.NDArray[Any]:
    """What a dense layer accumulates before its bias, (N, units), whole numbers."""
    centered = values.astype(np.int32) - model.tensors[node.inputs[0]].zero_point
    return _exact_matmul(centered, model.weights[weight_key(node, "weight")])


def with_bias(model: QuantizedModel, node: Node, sums: npt.NDArray[Any]) -> arithmetic.IntArray:
    """The 32-bit accumulators: sums plus the node's bias, where it has one."""
    bias = model.biases.get(weight_key(node, "bias"))
    totals = sums.astype(np.int64)
    return totals if bias is None else arithmetic.wrap_int32(totals + bias)


def factors_of(model: QuantizedModel, node: Node) -> npt.NDArray[np.float64]:
    """The real factor from each channel's accumulator to its output."""
    source, output = model.tensors[node.inputs[0]], model.tensors[node.name]
    return arithmetic.requantization_factors(source, model.weight_scales[node.name], output)


def _requantized(model: QuantizedModel, node: Node, sums: npt.NDArray[Any]) -> Int8Array:
    """Add the bias, rescale to the output's scale, add its zero point and clamp."""
    output = model.tensors[node.name]
    factor = arithmetic.fixed_multiplier(factors_of(model, node))
    scaled = arithmetic.multiply_by_quantized_multiplier(with_bias(model, node, sums), factor)
    limits = arithmetic.activation_range(activation_of(node.op), output)
    return arithmetic.to_int8(scaled, output.zero_point, limits)
