"""Every ATen operator that is read, by its name: what it means in our operators.

A rule takes the writer and a call's arguments by their names in ATen's schema; tensors are `Value`s,
what is known beforehand (weights, buffers, numbers) is itself. A use that our operators cannot say
raises NotExpressibleError. Windows are in `torch_windows`, views and slices in `torch_shaping`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import torch

from wakeling.importers import torch_shaping as shaping
from wakeling.importers.torch_layout import canonical_order, layout_of
from wakeling.importers.torch_windows import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    convolution,
    max_pool,
)
from wakeling.importers.torch_writer import (
    Arguments,
    Array,
    Value,
    Writer,
    axis_of,
    constant_array,
    need,
    rank_of,
)
from wakeling.ops import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Dense,
    Mean,
    Mul,
    Operator,
    Pad,
    PointwiseKind,
    Softmax,
    Sub,
    broadcast,
)

Rule = Callable[[Writer, Arguments], Any]  # Any: a Value, Parts, or a tuple of them


def _like(writer: Writer, value: Value, op: Operator, **known: Any) -> Value:
    """An operator that changes no shape and reads values in any order."""
    return writer.emit(op, value, layout=value.layout, **known)


def _pointwise(kind: PointwiseKind, *, non_negative: bool = False) -> Rule:
    def rule(writer: Writer, given: Arguments) -> Value:
        return _like(writer, given["self"], Activation(kind=kind), non_negative=non_negative)

    return rule


def _clamp(low: str, high: str) -> Rule:
    """relu and relu6 under their other names."""

    def rule(writer: Writer, given: Arguments) -> Value:
        bounds = (given.get(low), given.get(high))
        kinds: dict[tuple[Any, Any], PointwiseKind] = {(0, None): "relu", (0, 6): "relu6"}
        need(bounds in kinds, f"to the bounds {bounds[0]} and {bounds[1]}")
        return _like(writer, given["self"], Activation(kind=kinds[bounds]), non_negative=True)

    return rule


def _batch_norm(writer: Writer, given: Arguments) -> Value:
    value: Value = given["input"]
    mean, variance = given["running_mean"], given["running_var"]
    need(mean is not None and not given.get("training", False), "without running statistics")
    need(rank_of(value) in (1, 3), f"on {rank_of(value) + 1} axes")
    held = writer.settled(value)
    gamma, beta = given["weight"], given["bias"]
    return writer.emit(
        BatchNorm(epsilon=float(given["eps"])),
        held,
        layout=held.layout,
        arrays={
            "gamma": _numbers(torch.ones_like(mean) if gamma is None else gamma),
            "beta": _numbers(torch.zeros_like(mean) if beta is None else beta),
            "mean": _numbers(mean),
            "variance": _numbers(variance),
        },
    )


def _numbers(tensor: torch.Tensor) -> Array:
    array: Array = tensor.detach().to(torch.float32).cpu().numpy()
    return array


def _dense(writer: Writer, value: Any, weight: Any, bias: Any) -> Value:
    """`weight` is (units, features); its columns are put in the order that the values are held in."""
    need(isinstance(value, Value) and isinstance(weight, torch.Tensor), "of two computed tensors")
    held, order = writer.vector(value)
    matrix = _numbers(weight)
    arrays = {"weight": matrix[:, order]} | ({} if bias is None else {"bias": _numbers(bias)})
    op = Dense(units=matrix.shape[0], use_bias=bias is not None)
    return writer.emit(op, held, layout=layout_of((matrix.shape[0],)), arrays=arrays)


def _linear(writer: Writer, given: Arguments) -> Value:
    return _dense(writer, given["input"], given["weight"], given.get("bias"))


def _addmm(writer: Writer, given: Arguments) -> Value:
    need(given.get("beta", 1) == given.get("alpha", 1) == 1, "with factors")
    need(isinstance(given["self"], torch.Tensor) and given["self"].ndim == 1, "with a computed bias")
    return _dense(writer, given["mat1"], _transposed(given["mat2"]), given["self"])


def _matmul(left: str, right: str) -> Rule:
    def rule(writer: Writer, given: Arguments) -> Value:
        return _dense(writer, given[left], _transposed(given[right]), None)

    return rule


def _transposed(matrix: Any) -> Any:
    known = isinstance(matrix, torch.Tensor) and matrix.ndim == 2
    need(known, "of two computed tensors")
    return matrix.t()


def _elementwise(kind: type[Add] | type[Sub] | type[Mul], *, swapped: bool = False) -> Rule:
    def rule(writer: Writer, given: Arguments) -> Value:
        left, right = given["self"], given["other"]
        need(given.get("alpha", 1) == 1, "with a factor")
        if swapped:
            left, right = right, left
        if isinstance(left, Value) and isinstance(right, Value):
            return _of_two(writer, kind(), left, right)
        value, constant = (left, right) if isinstance(left, Value) else (right, left)
        return _with_constant(writer, kind, value, constant, first=value is right)

    return rule


def _of_two(writer: Writer, op: Add | Sub | Mul, left: Value, right: Value) -> Value:
    positive = left.non_negative and right.non_negative and not isinstance(op, Sub)
    if left.layout == right.layout:
        return writer.emit(op, left, right, layout=left.layout, non_negative=positive)
    need(rank_of(left) == rank_of(right), f"of {rank_of(left) + 1} and {rank_of(right) + 1} axes")
    shape = broadcast(left.layout.torch_shape, right.layout.torch_shape)
    assert shape is not None  # torch has checked
    layout = layout_of(shape)
    return writer.emit(op, writer.settled(left), writer.settled(right), layout=layout, non_negative=positive)


def _with_constant(
    writer: Writer,
    kind: type[Add] | type[Sub] | type[Mul],
    value: Value,
    constant: torch.Tensor | float,
    *,
    first: bool,
) -> Value:
    array = constant_array(constant, rank_of(value))
    held = value if array.size == 1 else writer.settled(value)
    positive = value.non_negative and kind is not Sub and bool((array >= 0).all())
    op: Operator = kind(constant=array.shape)
    if kind is Sub:
        op = Sub(constant=array.shape, constant_first=first)
    layout = held.layout
    if array.size > 1:
        shape = broadcast(held.layout.graph_shape, array.shape)
        assert shape is not None  # torch has checked
        torch_axis = {axis: index for index, axis in enumerate(canonical_order(rank_of(value)))}
        layout = layout_of(tuple(shape[torch_axis[axis]] for axis in range(rank_of(value))))
    return writer.emit(op, held, layout=layout, non_negative=positive, arrays={"constant": array})


def _divide(writer: Writer, given: Arguments) -> Value:
    value, divisor = given["self"], given["other"]
    need(isinstance(value, Value) and not isinstance(divisor, Value), "by a computed tensor")
    need(given.get("rounding_mode") is None, "with rounding")
    factor = 1.0 / torch.as_tensor(divisor, dtype=torch.float32)
    return _with_constant(writer, Mul, value, factor, first=False)


def _concat(writer: Writer, given: Arguments) -> Value:
    values: Sequence[Any] = given["tensors"]
    need(all(isinstance(value, Value) for value in values), "with a constant tensor")
    axis = axis_of(values[0], given.get("dim", 0))
    if len(values) == 1:
        return values[0]  # type: ignore[no-any-return]  # a Value, as has just been checked
    held = [writer.settled(value) for value in values]
    shape = list(held[0].layout.torch_shape)
    shape[axis] = sum(value.layout.torch_shape[axis] for value in held)
    return writer.emit(
        Concat(axis=canonical_order(len(shape)).index(axis)),
        *held,
        layout=layout_of(tuple(shape)),
        non_negative=all(value.non_negative for value in held),
    )


def _mean(writer: Writer, given: Arguments) -> Value:
    held = writer.settled(given["self"])
    rank = rank_of(held)
    need(bool(given.get("dim")), "over the batch axis")
    reduced = {axis_of(held, dim) for dim in given["dim"]}
    need(len(reduced) < rank or bool(given.get("keepdim")), "over all axes")
    order = canonical_order(rank)
    op = Mean(
        axes=tuple(index for index, axis in enumerate(order) if axis in reduced),
        keep_dims=bool(given.get("keepdim", False)),
    )
    sizes = held.layout.torch_shape
    if op.keep_dims:
        layout = layout_of(tuple(1 if axis in reduced else size for axis, size in enumerate(sizes)))
    else:
        left = [axis for axis in range(rank) if axis not in reduced]
        kept = [left.index(axis) for axis in order if axis not in reduced]
        layout = layout_of(tuple(sizes[axis] for axis in left), kept)
    return writer.emit(op, held, layout=layout, non_negative=held.non_negative)


def _pad(writer: Writer, given: Arguments) -> Value:
    margins = list(given["pad"]) + [0] * 8
    need(given.get("mode", "constant") == "constant", f"of kind {given.get('mode')!r}")
    need(not given.get("value"), "with another value than zero")
    need(min(margins) >= 0 and not any(margins[6:]), "that cuts off, or along the batch axis")
    value = writer.image(given["self"])
    if not any(margins):
        return value
    op = Pad(
        rows=(margins[2], margins[3]), columns=(margins[0], margins[1]), channels=(margins[4], margins[5])
    )
    channels, height, width = value.layout.torch_shape
    shape = (channels + sum(op.channels), height + sum(op.rows), width + sum(op.columns))
    return writer.emit(op, value, layout=layout_of(shape), non_negative=value.non_negative)


def _softmax(writer: Writer, given: Arguments) -> Value:
    held = writer.settled(given["self"])
    axis = axis_of(held, given["dim"])
    need(canonical_order(rank_of(held))[-1] == axis, "along another axis than the channels")
    return writer.emit(Softmax(), held, layout=held.layout, non_negative=True)


def _same(name: str) -> Rule:
    """What changes nothing: copies, and dropout outside training."""

    def rule(writer: Writer, given: Arguments) -> Any:
        return given[name]

    return rule


def _cast(writer: Writer, given: Arguments) -> Any:
    kind = given.get("dtype")
    need(kind is None or kind.is_floating_point, f"to {kind}")
    return given["self"]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "conv2d": convolution,
        "convolution": convolution,
        "linear": _linear,
        "addmm": _addmm,
        "mm": _matmul("self", "mat2"),
        "matmul": _matmul("self", "other"),
        "batch_norm": _batch_norm,
        "relu": _pointwise("relu", non_negative=True),
        "relu6": _pointwise("relu6", non_negative=True),
        "hardtanh": _clamp("min_val", "max_val"),
        "clamp": _clamp("min", "max"),
        "clamp_min": _clamp("min", "max"),
        "hardswish": _pointwise("hard_swish"),
        "hardsigmoid": _pointwise("hard_sigmoid", non_negative=True),
        "sigmoid": _pointwise("sigmoid", non_negative=True),
        "silu": _pointwise("swish"),
        "tanh": _pointwise("tanh"),
        "add": _elementwise(Add),
        "sub": _elementwise(Sub),
        "rsub": _elementwise(Sub, swapped=True),
        "mul": _elementwise(Mul),
        "div": _divide,
        "cat": _concat,
        "concat": _concat,
        "max_pool2d": max_pool,
        "avg_pool2d": average_pool,
        "adaptive_avg_pool2d": adaptive_average_pool,
        "adaptive_max_pool2d": adaptive_max_pool,
        "mean": _mean,
        "pad": _pad,
        "constant_pad_nd": _pad,
        "view": shaping.view,
        "_unsafe_view": shaping.view,
        "reshape": shaping.view,
        "flatten": shaping.flatten,
        "squeeze": shaping.squeeze,
        "unsqueeze": shaping.unsqueeze,
        "permute": shaping.permute,
        "transpose": shaping.transpose,
        "softmax": _softmax,
        "_softmax": _softmax,
        "slice": shaping.sliced,
        "narrow": shaping.narrow,
        "select": shaping.select,
        "split": shaping.split(lambda given, total: shaping.pieces(total, given["split_size"])),
        "split_with_sizes": shaping.split(lambda given, total: list(given["split_sizes"])),
        "chunk": shaping.split(lambda given, total: shaping.pieces(total, -(-total // given["chunks"]))),
        "channel_shuffle": shaping.shuffle,
        "native_channel_shuffle": shaping.shuffle,
        "getitem": shaping.item,
        "dropout": _same("input"),
        "feature_dropout": _same("input"),
        "clone": _same("self"),
        "contiguous": _same("self"),
        "detach": _same("self"),
        "alias": _same("self"),
        "_to_copy": _cast,
        "to": _cast,
    }
)
"""The rule of every operator that is read, by ATen's name without its overload."""
