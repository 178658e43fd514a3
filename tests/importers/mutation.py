"""Breaks .tflite files in every way we could think of; the same seed breaks them the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from unittest import mock

import numpy as np

from tests.export.rewriting import packed, unpacked
from wakeling.export.flatbuffer import Source
from wakeling.importers import read_tflite

EXTREMES = (0, 1, 2, 3, 4, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 2**24, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 1)
SCALES = (float("nan"), float("inf"), -1.0, 0.0, 1e-45, 3e38)
SIZES = (-(2**31), -1, 0, 2, 3, 1000, 2**20, 2**31 - 1)

Rng = np.random.Generator
Mutation = Callable[[bytes, Sequence[bytes], Rng], bytes]

_PLACES: dict[bytes, tuple[int, ...]] = {}


def mutated(contents: Sequence[bytes], seed: int) -> tuple[str, bytes]:
    """One of the files broken in one way, and the way's name."""
    rng = np.random.default_rng(seed)
    content = contents[int(rng.integers(len(contents)))]
    name = str(rng.choice(list(MUTATIONS)))
    return name, MUTATIONS[name](content, contents, rng)


def places_read(content: bytes) -> tuple[int, ...]:
    """Where the reader finds its offsets, lengths and numbers in a whole file."""
    if content not in _PLACES:
        seen: set[int] = set()
        original = Source.number

        def noting(self: Source, form: Any, position: int) -> Any:
            seen.add(position)
            return original(self, form, position)

        with mock.patch.object(Source, "number", noting):
            read_tflite(content)
        _PLACES[content] = tuple(sorted(seen))
    return _PLACES[content]


def flip_bits(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    broken = bytearray(content)
    for _ in range(int(rng.integers(1, 17))):
        broken[int(rng.integers(len(broken)))] ^= 1 << int(rng.integers(8))
    return bytes(broken)


def cut(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    return content[: int(rng.integers(len(content)))]


def splice(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    """A piece of another file over, or into, this one."""
    other = others[int(rng.integers(len(others)))]
    length = int(rng.integers(1, min(400, len(other))))
    start = int(rng.integers(len(other) - length))
    place = int(rng.integers(8, len(content)))
    after = place if rng.random() < 0.3 else place + length
    return content[:place] + other[start : start + length] + content[after:]


def attack_offset(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    """One to three of the offsets, lengths and numbers that the reader looks at."""
    broken = bytearray(content)
    places = places_read(content)
    for _ in range(int(rng.integers(1, 4))):
        place = places[int(rng.integers(len(places)))]
        near = int.from_bytes(content[place : place + 4], "little") + int(rng.integers(-16, 17))
        value = near if rng.random() < 0.4 else int(rng.choice(EXTREMES))
        if rng.random() < 0.2:
            value = len(content) - place + int(rng.integers(-8, 9))
        size = int(rng.choice([1, 2, 4]))
        broken[place : place + size] = (value % 2**32).to_bytes(4, "little")[:size]
    return bytes(broken[: len(content)])


def noise(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    """Random bytes behind the identifier."""
    return content[:8] + rng.bytes(int(rng.integers(0, 4096)))


def change_field(content: bytes, others: Sequence[bytes], rng: Rng) -> bytes:
    """A well-formed flatbuffer that says something impossible."""
    file = unpacked(content)
    for _ in range(int(rng.integers(1, 3))):
        _FIELDS[int(rng.integers(len(_FIELDS)))](file, rng)
    return packed(file)


def _some(items: Sequence[Any], rng: Rng) -> Any:
    return items[int(rng.integers(len(items)))]


def _shape(file: Any, rng: Rng) -> None:
    tensor = _some(file.subgraphs[0].tensors, rng)
    shape = np.array(tensor.shape if tensor.shape is not None else [], np.int32)
    if not len(shape) or rng.random() < 0.3:
        shape = np.array(rng.choice(SIZES, int(rng.integers(0, 12))), np.int32)
    else:
        shape[int(rng.integers(len(shape)))] = int(rng.choice(SIZES))
    tensor.shape = shape


def _scale(file: Any, rng: Rng) -> None:
    table = _some(file.subgraphs[0].tensors, rng).quantization
    if table is None or table.scale is None:
        return
    scales = np.array(table.scale, np.float32)
    if rng.random() < 0.5:
        scales[int(rng.integers(len(scales)))] = float(rng.choice(SCALES))
        table.scale = scales
    else:
        table.scale = np.resize(scales, int(rng.integers(0, 5)))


def _zero_point(file: Any, rng: Rng) -> None:
    table = _some(file.subgraphs[0].tensors, rng).quantization
    if table is not None:
        table.zeroPoint = np.array(
            rng.choice([-(2**63), -129, 0, 128, 2**40], int(rng.integers(1, 4))), np.int64
        )
        table.quantizedDimension = int(rng.choice(SIZES))


def _type(file: Any, rng: Rng) -> None:
    _some(file.subgraphs[0].tensors, rng).type = int(rng.integers(-3, 25))


def _buffer(file: Any, rng: Rng) -> None:
    _some(file.subgraphs[0].tensors, rng).buffer = int(rng.choice([0, 1, len(file.buffers) - 1, 2**31 - 1]))


def _buffer_size(file: Any, rng: Rng) -> None:
    file.buffers[int(rng.integers(len(file.buffers)))].data = np.zeros(int(rng.integers(0, 70)), np.uint8)


def _operator_inputs(file: Any, rng: Rng) -> None:
    operator = _some(file.subgraphs[0].operators, rng)
    count = len(file.subgraphs[0].tensors)
    field = str(rng.choice(["inputs", "outputs"]))
    setattr(operator, field, np.array(rng.integers(-2, count + 1, int(rng.integers(0, 5))), np.int32))


def _operator_order(file: Any, rng: Rng) -> None:
    operators = file.subgraphs[0].operators
    file.subgraphs[0].operators = [operators[int(index)] for index in rng.permutation(len(operators))]


def _operator_code(file: Any, rng: Rng) -> None:
    if rng.random() < 0.5:
        _some(file.subgraphs[0].operators, rng).opcodeIndex = int(rng.choice([0, 1, 2, 2**31 - 1]))
    else:
        code = _some(file.operatorCodes, rng)
        code.builtinCode = int(rng.choice([*range(0, 210, 1), -5, 1000]))
        code.deprecatedBuiltinCode = 0


def _option(file: Any, rng: Rng) -> None:
    options = _some(file.subgraphs[0].operators, rng).builtinOptions
    numbers = [name for name, value in vars(options).items() if isinstance(value, int)] if options else []
    if not numbers:
        return
    name = _some(sorted(numbers), rng)
    wide = name.lower().endswith(("w", "h", "factor", "multiplier", "axis", "width", "height", "mask"))
    value = rng.choice(SIZES) if wide else rng.integers(0, 6)
    setattr(options, name, bool(value) if isinstance(getattr(options, name), bool) else int(value))


def _ends(file: Any, rng: Rng) -> None:
    graph = file.subgraphs[0]
    field = str(rng.choice(["inputs", "outputs"]))
    setattr(graph, field, np.array(rng.integers(0, len(graph.tensors), int(rng.integers(0, 3))), np.int32))


def _constant(file: Any, rng: Rng) -> None:
    """Other values where the file has few: shapes, axes, margins."""
    short = [b for b in file.buffers if b.data is not None and 0 < len(b.data) <= 64 and len(b.data) % 4 == 0]
    if short:
        buffer = _some(short, rng)
        values = np.array(rng.choice(SIZES, len(buffer.data) // 4), "<i4")
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)


_FIELDS = (
    _shape,
    _scale,
    _zero_point,
    _type,
    _buffer,
    _buffer_size,
    _operator_inputs,
    _operator_order,
    _operator_code,
    _option,
    _ends,
    _constant,
)

MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        "bits": flip_bits,
        "cut": cut,
        "splice": splice,
        "offset": attack_offset,
        "noise": noise,
        "field": change_field,
    }
)
