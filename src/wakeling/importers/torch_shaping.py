"""Rules of the operators that only arrange values: views, permutations, slices, splits.

Used by the table in `torch_operators`, whose conventions hold here too. Most of them write nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from wakeling.importers.torch_layout import Layout, canonical_order, layout_of
from wakeling.importers.torch_writer import (
    Arguments,
    NotExpressibleError,
    Parts,
    Value,
    Writer,
    axis_of,
    need,
    rank_of,
)
from wakeling.ops import Reshape, StridedSlice


def _reshaped(writer: Writer, value: Value, shape: Sequence[int]) -> Value:
    """`shape` with the batch axis; no operator where the values only get other axes."""
    need(len(shape) >= 2 and shape[0] == 1, f"to {tuple(shape)}, which has no batch axis of 1")
    layout = value.layout.viewed(tuple(shape[1:]))
    if layout is not None:
        return _relaid(value, layout)
    row = value.layout.viewed((prod(value.layout.torch_shape),))  # a row can be read as any shape
    assert row is not None
    held = writer.settled(_relaid(value, row))
    layout = layout_of(tuple(shape[1:]), range(len(shape) - 1))
    op = Reshape(shape=layout.graph_shape)
    return writer.emit(op, held, layout=layout, non_negative=value.non_negative)


def _relaid(value: Value, layout: Layout) -> Value:
    return Value(tensor=value.tensor, layout=layout, non_negative=value.non_negative)


def view(writer: Writer, given: Arguments) -> Value:
    """Another shape; one size of −1 follows from the others."""
    shape: list[int] = list(given["size"] if "size" in given else given["shape"])
    value: Value = given["self"]
    if -1 in shape:
        known = prod(size for size in shape if size != -1)
        shape[shape.index(-1)] = prod(value.layout.torch_shape) // known
    return _reshaped(writer, value, shape)


def flatten(writer: Writer, given: Arguments) -> Value:
    """Axes from `start_dim` to `end_dim` as one."""
    value: Value = given["self"]
    sizes = [1, *value.layout.torch_shape]
    start, end = (dim % len(sizes) for dim in (given.get("start_dim", 0), given.get("end_dim", -1)))
    need(start > 0, "of the batch axis")
    return _reshaped(writer, value, [*sizes[:start], prod(sizes[start : end + 1]), *sizes[end + 1 :]])


def squeeze(writer: Writer, given: Arguments) -> Value:
    """Axes of size 1 left out."""
    value: Value = given["self"]
    dims: int | Sequence[int] | None = given.get("dim")
    if dims is None:
        raise NotExpressibleError("of all axes, the batch axis among them")
    axes = {axis_of(value, dim) for dim in ([dims] if isinstance(dims, int) else dims)}
    sizes = value.layout.torch_shape
    left = [size for axis, size in enumerate(sizes) if axis not in axes or size != 1]
    return _reshaped(writer, value, [1, *left])


def unsqueeze(writer: Writer, given: Arguments) -> Value:
    """One more axis of size 1."""
    value: Value = given["self"]
    sizes = [1, *value.layout.torch_shape]
    at = given["dim"] % (len(sizes) + 1)
    return _reshaped(writer, value, [*sizes[:at], 1, *sizes[at:]])


def permute(writer: Writer, given: Arguments) -> Value:
    """The axes in another order."""
    value: Value = given["self"]
    dims = [dim % (rank_of(value) + 1) for dim in given["dims"]]
    need(dims[0] == 0, "of the batch axis")
    return _relaid(value, value.layout.permuted([dim - 1 for dim in dims[1:]]))


def transpose(writer: Writer, given: Arguments) -> Value:
    """Two axes swapped."""
    value: Value = given["self"]
    order = list(range(rank_of(value)))
    first, second = (axis_of(value, given[name]) for name in ("dim0", "dim1"))
    order[first], order[second] = order[second], order[first]
    return _relaid(value, value.layout.permuted(order))


def _cut(writer: Writer, value: Value, axis: int, begin: int, end: int, step: int = 1) -> Value:
    held = writer.settled(value)
    sizes = held.layout.torch_shape
    if (begin, end, step) == (0, sizes[axis], 1):
        return held
    at = canonical_order(len(sizes)).index(axis)
    shape = held.layout.graph_shape
    op = StridedSlice(
        begin=tuple(begin if index == at else 0 for index in range(len(shape))),
        end=tuple(end if index == at else size for index, size in enumerate(shape)),
        strides=tuple(step if index == at else 1 for index in range(len(shape))),
    )
    left = tuple(len(range(begin, end, step)) if i == axis else size for i, size in enumerate(sizes))
    return writer.emit(op, held, layout=layout_of(left), non_negative=held.non_negative)


def sliced(writer: Writer, given: Arguments) -> Value:
    """Every `step`-th value along one axis, between bounds."""
    value: Value = given["self"]
    bounds = slice(given.get("start"), given.get("end"))
    if given.get("dim", 0) % (rank_of(value) + 1) == 0:
        need(len(range(1)[bounds]) == 1, "of the batch axis")
        return value
    axis = axis_of(value, given["dim"])
    begin, end, _ = bounds.indices(value.layout.torch_shape[axis])
    return _cut(writer, value, axis, begin, end, given.get("step", 1))


def narrow(writer: Writer, given: Arguments) -> Value:
    """`length` values along one axis, from `start`."""
    value: Value = given["self"]
    axis, begin = axis_of(value, given["dim"]), int(given["start"])
    return _cut(writer, value, axis, begin, begin + int(given["length"]))


def select(writer: Writer, given: Arguments) -> Value:
    """One position of an axis, which goes."""
    value: Value = given["self"]
    axis = axis_of(value, given["dim"])
    sizes = value.layout.torch_shape
    index = given["index"] % sizes[axis]
    one = _cut(writer, value, axis, index, index + 1)
    return _reshaped(writer, one, [1, *sizes[:axis], *sizes[axis + 1 :]])


def split(lengths: Callable[[Arguments, int], list[int]]) -> Callable[[Writer, Arguments], Parts]:
    """`lengths` gives the parts' lengths from the arguments and the axis's size."""

    def rule(writer: Writer, given: Arguments) -> Parts:
        value: Value = given["self"]
        axis = axis_of(value, given.get("dim", 0))
        parts, begin = [], 0
        for length in lengths(given, value.layout.torch_shape[axis]):
            parts.append(_part(writer, value, axis, begin, begin + length))
            begin += length
        return Parts(make=tuple(parts))

    return rule


def _part(writer: Writer, value: Value, axis: int, begin: int, end: int) -> Callable[[], Value]:
    return lambda: _cut(writer, value, axis, begin, end)


def pieces(total: int, length: int) -> list[int]:
    """Lengths of the parts of an axis, the last of them what is left."""
    return [min(length, total - begin) for begin in range(0, total, length)]


def item(writer: Writer, given: Arguments) -> Any:
    """One of several outputs."""
    made, index = given["self"], given["index"]
    return made.make[index]() if isinstance(made, Parts) else made[index]


def shuffle(writer: Writer, given: Arguments) -> Value:
    """Channels as (groups, channels of a group), these two axes swapped, read as channels again."""
    value: Value = given["self"]
    channels, *size = value.layout.torch_shape
    groups = given["groups"]
    split = _reshaped(writer, value, [1, groups, channels // groups, *size])
    order = [1, 0, *range(2, len(size) + 2)]
    swapped = _relaid(split, split.layout.permuted(order))
    return _reshaped(writer, swapped, [1, channels, *size])
