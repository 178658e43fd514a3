"""What the operators of a .tflite file that only move values mean in our graph, one function each.

The batch axis, which every tensor of a file has and none of the graph, goes here; an operator that
touches it is refused. Semantics are those of TensorFlow Lite's reference kernels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from wakeling.errors import ModelFileError
from wakeling.export.model_file import FileOperator
from wakeling.importers.tflite_layers import Translator, fused_activation
from wakeling.importers.tflite_translation import Translation
from wakeling.ops import Concat, Mean, Pad, Reshape, Shape, StridedSlice, Transpose

Bound = tuple[int, int, int, bool]
"""Begin, end and stride along one axis, and whether that axis goes away."""

_BATCH = "it touches the batch axis, which must stay 1"


def _axis(axis: int, rank: int) -> int:
    """A file's axis, counted without the batch axis; `rank` counts with it."""
    place = axis + rank if axis < 0 else axis
    if not 0 <= place < rank:
        raise ModelFileError(f"its axis {axis} is not among {rank} axes")
    if place == 0:
        raise ModelFileError(_BATCH)
    return place - 1


def _reshape(translation: Translation, operator: FileOperator) -> None:
    wanted = _wanted_shape(translation, operator)
    count = math.prod(translation.source_shape(operator))
    known = math.prod(size for size in wanted if size != -1)
    if wanted.count(-1) > 1 or any(size < -1 for size in wanted) or known < 1 or count % known:
        raise ModelFileError(f"it makes the shape {wanted} of {count} values")
    shape = tuple(count // known if size == -1 else size for size in wanted)
    _emit_shaped(translation, operator, shape)


def _wanted_shape(translation: Translation, operator: FileOperator) -> tuple[int, ...]:
    """The new shape, batch included: a constant input, or in old files the option."""
    if translation.has(operator, 1):
        return translation.integers(operator, 1)
    option = None if operator.options is None else operator.options.values(0)
    if option is None:
        return translation.graph.tensors[operator.outputs[0]].shape if operator.outputs else ()
    return option


def _emit_shaped(translation: Translation, operator: FileOperator, shape: tuple[int, ...]) -> None:
    """A reshape to a file's shape, whose first axis is the batch."""
    if not shape or shape[0] != 1:
        raise ModelFileError(f"it makes the shape {shape}; {_BATCH}")
    translation.emit(operator, Reshape(shape=shape[1:] or (1,)), [translation.source(operator)])


def _squeeze(translation: Translation, operator: FileOperator) -> None:
    shape = (1, *translation.source_shape(operator))
    option = None if operator.options is None else operator.options.values(0)
    axes = {axis + len(shape) if axis < 0 else axis for axis in option or ()}
    axes = axes or {axis for axis, size in enumerate(shape) if size == 1}
    if not all(0 <= axis < len(shape) and shape[axis] == 1 for axis in axes):
        raise ModelFileError(f"it drops the axes {sorted(axes)} of {shape}, which are not all of size 1")
    kept = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    if 0 in axes:
        raise ModelFileError(f"it makes the shape {kept}; {_BATCH}")
    _emit_shaped(translation, operator, kept)


def _expand_dims(translation: Translation, operator: FileOperator) -> None:
    shape = (1, *translation.source_shape(operator))
    axes = translation.integers(operator, 1)
    if len(axes) != 1:
        raise ModelFileError(f"it adds the axes {axes}; it takes one")
    place = _axis(axes[0], len(shape) + 1) + 1
    _emit_shaped(translation, operator, (*shape[:place], 1, *shape[place:]))


def _transpose(translation: Translation, operator: FileOperator) -> None:
    rank = len(translation.source_shape(operator)) + 1
    order = translation.integers(operator, 1)
    if sorted(order) != list(range(rank)):
        raise ModelFileError(f"its order {order} is none of {rank} axes")
    if order[0] != 0:
        raise ModelFileError(_BATCH)
    op = Transpose(order=tuple(axis - 1 for axis in order[1:]))
    translation.emit(operator, op, [translation.source(operator)])


def _concatenation(translation: Translation, operator: FileOperator) -> None:
    if not operator.inputs:
        raise ModelFileError("it has no inputs")
    sources = [translation.source(operator, position) for position in range(len(operator.inputs))]
    axis = _axis(translation.option(operator, 0), len(translation.builder.shape(sources[0])) + 1)
    if fused_activation(translation, operator, 1) != "linear":
        raise ModelFileError("its fused activation is refused by every runtime")
    translation.emit(operator, Concat(axis=axis), sources)


def _mean(translation: Translation, operator: FileOperator) -> None:
    rank = len(translation.source_shape(operator)) + 1
    axes = dict.fromkeys(_axis(axis, rank) for axis in translation.integers(operator, 1))
    op = Mean(axes=tuple(axes), keep_dims=bool(translation.option(operator, 0, "bool")))
    translation.emit(operator, op, [translation.source(operator)])


def _pad(translation: Translation, operator: FileOperator) -> None:
    shape = translation.source_shape(operator)
    numbers = translation.integers(operator, 1)
    pairs = tuple(zip(numbers[0::2], numbers[1::2], strict=False))
    if len(numbers) != 2 * (len(shape) + 1) or min(numbers) < 0:
        raise ModelFileError(f"its margins {numbers} do not fit {(1, *shape)}")
    if any(pairs[0]):
        raise ModelFileError(_BATCH)
    _check_fill(translation, operator)
    if len(shape) == 3:
        op = Pad(rows=pairs[1], columns=pairs[2], channels=pairs[3])
        translation.emit(operator, op, [translation.source(operator)])
    elif any(numbers):
        raise ModelFileError(f"it pads {(1, *shape)}; images (1, height, width, channels) are padded only")
    else:
        translation.alias(operator, "pads by nothing")


def _check_fill(translation: Translation, operator: FileOperator) -> None:
    """PADV2 names its fill; only the value that stands for 0 is read."""
    if not translation.has(operator, 2):
        return
    fill = translation.constant(operator, 2)
    quant = translation.quant(operator.inputs[0])
    zero = 0 if quant is None else quant.zero_point
    if fill is None or fill.size != 1 or float(fill.reshape(-1)[0]) != zero:
        raise ModelFileError("it pads with another value than 0, which is not read")


def _strided_slice(translation: Translation, operator: FileOperator) -> None:
    shape = (1, *translation.source_shape(operator))
    begin, end, strides = (translation.integers(operator, position) for position in (1, 2, 3))
    if not len(begin) == len(end) == len(strides) <= len(shape):
        raise ModelFileError(f"its bounds do not fit {shape}")
    if translation.option(operator, 2) or translation.option(operator, 3):
        raise ModelFileError("its ellipsis and new axes are not read; write the bounds of every axis")
    masks = [translation.option(operator, slot) for slot in (0, 1, 4)]
    relative = bool(translation.option(operator, 5, "bool"))
    bounds: list[Bound] = []
    for axis, size in enumerate(shape):
        open_begin, open_end, shrink = (bool(mask >> axis & 1) for mask in masks)
        if axis >= len(begin):
            bounds.append((0, size, 1, False))
            continue
        first = 0 if open_begin and not shrink else _inside(begin[axis], size)
        last = size if open_end else _inside(end[axis] + (first if relative else 0), size)
        bounds.append((first, first + 1, 1, True) if shrink else (first, last, strides[axis], False))
    _emit_slice(translation, operator, bounds)


def _inside(bound: int, size: int) -> int:
    return min(max(bound + size if bound < 0 else bound, 0), size)


def _slice(translation: Translation, operator: FileOperator) -> None:
    shape = (1, *translation.source_shape(operator))
    begin, sizes = (translation.integers(operator, position) for position in (1, 2))
    if not len(begin) == len(sizes) == len(shape):
        raise ModelFileError(f"its bounds do not fit {shape}")
    bounds = [
        (first, whole if size == -1 else first + size, 1, False)
        for first, size, whole in zip(begin, sizes, shape, strict=True)
    ]
    _emit_slice(translation, operator, bounds)


def _emit_slice(
    translation: Translation,
    operator: FileOperator,
    bounds: Sequence[Bound],
    *,
    source: int = 0,
    output: int = 0,
) -> None:
    """A slice of the input at position `source`; the batch's bound comes first."""
    first, last, step, drops = bounds[0]
    if first != 0 or last < 1 or step < 1 or drops:
        raise ModelFileError(_BATCH)
    inner = bounds[1:]
    op = StridedSlice(
        begin=tuple(bound[0] for bound in inner),
        end=tuple(bound[1] for bound in inner),
        strides=tuple(bound[2] for bound in inner),
    )
    inputs = [translation.source(operator, source)]
    if not any(bound[3] for bound in inner):
        translation.emit(operator, op, inputs, output=output)
        return
    part = translation.emit_part(operator, op, inputs, "slice", operator.inputs[0])
    sliced = translation.builder.shape(part)
    kept: Shape = tuple(size for size, bound in zip(sliced, inner, strict=True) if not bound[3])
    translation.emit(operator, Reshape(shape=kept or (1,)), [part], output=output)


def _split(translation: Translation, operator: FileOperator) -> None:
    """SPLIT: its axis comes first, and all pieces are equal."""
    count = len(operator.outputs)
    size = translation.source_shape(operator, 1)
    place = _only_axis(translation, operator, 0, len(size) + 1)
    if count < 1 or size[place] % count:
        raise ModelFileError(f"it splits {size[place]} values into {count} equal pieces")
    _emit_pieces(translation, operator, place, (size[place] // count,) * count, source=1)


def _split_v(translation: Translation, operator: FileOperator) -> None:
    """SPLIT_V: the sizes of the pieces, one of them −1 for what is left, then the axis."""
    size = translation.source_shape(operator)
    place = _only_axis(translation, operator, 2, len(size) + 1)
    sizes = translation.integers(operator, 1)
    rest = size[place] - sum(piece for piece in sizes if piece != -1)
    pieces = tuple(rest if piece == -1 else piece for piece in sizes)
    if len(pieces) != len(operator.outputs) or sum(pieces) != size[place] or min(pieces, default=0) < 1:
        raise ModelFileError(f"it splits {size[place]} values into {sizes}")
    _emit_pieces(translation, operator, place, pieces, source=0)


def _only_axis(translation: Translation, operator: FileOperator, position: int, rank: int) -> int:
    axes = translation.integers(operator, position)
    if len(axes) != 1:
        raise ModelFileError(f"it splits along the axes {axes}; it takes one")
    return _axis(axes[0], rank)


def _emit_pieces(
    translation: Translation, operator: FileOperator, place: int, pieces: tuple[int, ...], *, source: int
) -> None:
    shape = translation.source_shape(operator, source)
    begin = 0
    for output, piece in enumerate(pieces):
        bounds: list[Bound] = [(0, size, 1, False) for size in (1, *shape)]
        bounds[place + 1] = (begin, begin + piece, 1, False)
        _emit_slice(translation, operator, bounds, source=source, output=output)
        begin += piece


SHAPES: Mapping[str, Translator] = MappingProxyType(
    {
        "RESHAPE": _reshape,
        "SQUEEZE": _squeeze,
        "EXPAND_DIMS": _expand_dims,
        "TRANSPOSE": _transpose,
        "CONCATENATION": _concatenation,
        "MEAN": _mean,
        "PAD": _pad,
        "PADV2": _pad,
        "STRIDED_SLICE": _strided_slice,
        "SLICE": _slice,
        "SPLIT": _split,
        "SPLIT_V": _split_v,
    }
)
"""Operators that only move values, or average whole axes, by TFLite's name."""
