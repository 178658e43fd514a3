"""The int8 model: a fused graph, its integers, and the scales that say what they mean.

This is the hand-over from quantization to the golden interpreter, export and verification. What
the integers compute is in `quantize.golden`; how they come about is in `quantize.convert`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wakeling.errors import GraphError, ModelFileError
from wakeling.files import atomic_path
from wakeling.graph import Graph, Node, from_json, to_json, weight_key, weight_shapes
from wakeling.ops import Dense, ElementType
from wakeling.quantize.rules import check_scales, check_types
from wakeling.quantize.tensors import LIMITS, TensorQuant, check_zero_point

__all__ = [
    "PIXEL_FEEDS",
    "PIXEL_SCALE",
    "Preprocessing",
    "QuantizedModel",
    "TensorQuant",
    "preprocessing_of",
    "quantized_names",
]

FORMAT = "wakeling.quantized_model/1"

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]

PIXEL_SCALE = 1 / 128
"""Scale of the input: with zero point 0, int8 = pixel − 128 and the real value is that over 128."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How a photo becomes the input: stretched to a square, then int8 = pixel − 128 or uint8 = pixel.

    `channels` is 3 (red, green, blue) or 1 (gray, ITU-R 601 luma as Pillow's `L`). Scale and zero
    point are the input's: either way it stands for (pixel − 128) · scale.
    """

    resolution: int
    channels: int
    resize: Literal["bilinear"] = "bilinear"
    scale: float = PIXEL_SCALE
    zero_point: int = 0


PIXEL_FEEDS: Mapping[ElementType, str] = MappingProxyType({"int8": "minus128", "uint8": "raw"})
"""How pixels are fed to an input of each type, in the terms of a file's metadata."""


def preprocessing_of(graph: Graph) -> Preprocessing | None:
    """How photos become a network's input; None for a float32 input and for one that is no square."""
    shape = graph.input_shape
    if graph.input_type not in PIXEL_FEEDS or len(shape) != 3 or shape[0] != shape[1]:
        return None
    zero_point = 128 if graph.input_type == "uint8" else 0
    return Preprocessing(resolution=shape[0], channels=shape[2], zero_point=zero_point)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuantizedModel:
    """A fused graph in TFLite's int8 scheme.

    `tensors` has a scale and a zero point for every integer tensor of the graph, `input` included
    (`graph.types` says which are integers; a float32 tensor has none), and for every constant
    operand, under its key. `weights` (int8, shapes as `graph.weight_key` says; constants of add,
    sub and mul among them) and `biases` (int32) are keyed by `weight_key`; `weight_scales`
    (float32) by the node's name: one value per output channel, or exactly one where a dense layer
    has one for all. Weights have zero point 0, and a bias has the scale input scale × weight scale.
    `labels` are in the order of the outputs. `preprocessing` is None where the input is no square
    image, or where nobody knows what it wants.
    """

    name: str
    graph: Graph
    tensors: Mapping[str, TensorQuant]
    weights: Mapping[str, Int8Array]
    weight_scales: Mapping[str, Float32Array]
    biases: Mapping[str, Int32Array]
    labels: tuple[str, ...]
    preprocessing: Preprocessing | None

    def __post_init__(self) -> None:
        """Raises GraphError for a missing or misshapen array and for scales that TFLite refuses."""
        check_types(self.graph)
        _check_tensors(self.graph, self.tensors)
        for key, shape in weight_shapes(self.graph).items():
            node, _, part = key.rpartition("/")
            if part == "weight":
                _check_array(key, self.weights.get(key), shape, np.int8)
                _check_weight_scales(self.graph.by_name[node], self.weight_scales.get(node))
            elif part == "bias":
                _check_array(key, self.biases.get(key), shape, np.int32)
            elif part == "constant":
                _check_array(key, self.weights.get(key), shape, np.int8)
            else:
                raise GraphError(f"node {node!r} is a batch norm; fuse the graph before quantizing it")
        check_scales(self.graph, self.tensors)
        classes = math.prod(self.graph.shapes[self.graph.output])
        if len(self.labels) != classes:
            raise GraphError(f"the graph has {classes} outputs but there are {len(self.labels)} labels")

    @property
    def content_hash(self) -> str:
        """Sixteen hex digits that name what the model computes: structure, integers and scales."""
        digest = hashlib.sha256(json.dumps(_header(self), sort_keys=True).encode())
        for key, array in sorted(_arrays(self).items()):
            digest.update(key.encode() + b"\0" + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]

    def save(self, path: Path) -> None:
        """Write one .npz, atomically; `load` reads it."""
        header = np.frombuffer(json.dumps(_header(self), sort_keys=True).encode(), np.uint8)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            arrays: dict[str, Any] = {"header": header, **_arrays(self)}  # Any: numpy's stub wants bools
            np.savez_compressed(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> QuantizedModel:
        """Read what `save` wrote; raises ModelFileError for anything else."""
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise ModelFileError(f"{path} does not exist") from None
        except IsADirectoryError:
            raise ModelFileError(f"{path} is a folder; name a quantized model (.npz)") from None
        try:
            if not zipfile.is_zipfile(io.BytesIO(content)):
                raise ValueError("it is no .npz archive")
            with np.load(io.BytesIO(content), allow_pickle=False) as archive:
                arrays = {key: archive[key] for key in archive.files}
            return _from_parts(json.loads(arrays.pop("header").tobytes()), arrays)
        except Exception as problem:  # a damaged archive surfaces as any of a dozen exceptions
            reason = " ".join(str(problem).split()) or type(problem).__name__
            raise ModelFileError(f"{path} is not a quantized model of wakeling: {reason}") from None


def quantized_names(graph: Graph) -> tuple[str, ...]:
    """What has a scale and a zero point: the graph's integer tensors, then its constant operands."""
    tensors = [name for name, element in graph.types.items() if element in LIMITS]
    return (*tensors, *(key for key in weight_shapes(graph) if key.endswith("/constant")))


def _check_tensors(graph: Graph, tensors: Mapping[str, TensorQuant]) -> None:
    for name in quantized_names(graph):
        if name not in tensors:
            raise GraphError(f"tensor {name!r} has no scale and zero point")
        check_zero_point(name, tensors[name], graph.types.get(name, "int8"))
    for name in graph.shapes:
        if name in tensors and graph.types[name] not in LIMITS:
            raise GraphError(f"tensor {name!r} is {graph.types[name]} and must have no scale and zero point")


def _check_weight_scales(node: Node, scales: Float32Array | None) -> None:
    channels = node.shape[-1]
    if isinstance(node.op, Dense) and scales is not None and scales.shape == (1,):
        channels = 1
    _check_array(f"{node.name}'s scales", scales, (channels,), np.float32)


def _check_array(
    what: str, array: npt.NDArray[Any] | None, shape: tuple[int, ...], dtype: type[np.generic]
) -> None:
    if array is None:
        raise GraphError(f"{what} is missing")
    if array.shape != shape or array.dtype != dtype:
        raise GraphError(
            f"{what} must be {dtype.__name__} of shape {shape}; given {array.dtype} {array.shape}"
        )
    if dtype is np.float32 and not (np.isfinite(array).all() and (array > 0).all()):
        raise GraphError(f"{what} must be positive and finite")


def _header(model: QuantizedModel) -> dict[str, Any]:
    preprocessing = model.preprocessing
    return {
        "format": FORMAT,
        "name": model.name,
        "graph": to_json(model.graph),
        "tensors": {
            name: [model.tensors[name].scale, model.tensors[name].zero_point]
            for name in quantized_names(model.graph)
        },
        "labels": list(model.labels),
        "preprocessing": None if preprocessing is None else dataclasses.asdict(preprocessing),
    }


def _arrays(model: QuantizedModel) -> dict[str, npt.NDArray[Any]]:
    parts: dict[str, npt.NDArray[Any]] = {}
    for node in model.graph.nodes:
        key, bias = weight_key(node, "weight"), weight_key(node, "bias")
        constant = weight_key(node, "constant")
        if key in model.weights:
            parts[f"weights/{key}"] = model.weights[key]
            parts[f"scales/{node.name}"] = model.weight_scales[node.name]
        if constant in model.weights:
            parts[f"weights/{constant}"] = model.weights[constant]
        if bias in model.biases:
            parts[f"biases/{bias}"] = model.biases[bias]
    return parts


def _from_parts(header: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> QuantizedModel:
    if header.get("format") != FORMAT:
        raise ValueError(f"its format is {header.get('format')!r}; this version reads {FORMAT!r}")

    def part(kind: str) -> dict[str, npt.NDArray[Any]]:
        return {key.removeprefix(kind): array for key, array in arrays.items() if key.startswith(kind)}

    preprocessing = header["preprocessing"]
    tensors = {name: TensorQuant(scale=s, zero_point=z) for name, (s, z) in header["tensors"].items()}
    return QuantizedModel(
        name=header["name"],
        graph=from_json(header["graph"]),
        tensors=tensors,
        weights=part("weights/"),
        weight_scales=part("scales/"),
        biases=part("biases/"),
        labels=tuple(header["labels"]),
        preprocessing=None if preprocessing is None else Preprocessing(**preprocessing),
    )
