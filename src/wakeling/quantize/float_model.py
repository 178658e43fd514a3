"""A float32 model: a graph of float32 tensors and its weights, as a float .tflite file holds it.

The hand-over from the importer to export; nothing here computes. The int8 model is `quantize.model`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from wakeling.errors import GraphError
from wakeling.graph import Graph, to_json, weight_shapes
from wakeling.quantize.model import Preprocessing
from wakeling.quantize.tensors import TensorQuant

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatModel:
    """A graph whose tensors are all float32, with its weights.

    `weights` (constant operands among them) and `biases` are float32 and keyed by
    `graph.weight_key`. `labels` are in the order of the outputs; `preprocessing` is None where
    nobody knows it.
    """

    name: str
    graph: Graph
    weights: Mapping[str, Float32Array]
    biases: Mapping[str, Float32Array]
    labels: tuple[str, ...]
    preprocessing: Preprocessing | None = None

    def __post_init__(self) -> None:
        """Raises GraphError for a tensor that is no float32 and a missing or misshapen array."""
        for name, element in self.graph.types.items():
            if element != "float32":
                raise GraphError(f"tensor {name!r} is {element}; a float model has float32 tensors only")
        for key, shape in weight_shapes(self.graph).items():
            part = key.rpartition("/")[2]
            if part not in ("weight", "bias", "constant"):
                raise GraphError(f"{key} belongs to a batch norm; fuse the graph first")
            array = (self.biases if part == "bias" else self.weights).get(key)
            if array is None:
                raise GraphError(f"{key} is missing")
            if array.shape != shape or array.dtype != np.float32:
                raise GraphError(f"{key} must be float32 of shape {shape}; given {array.dtype} {array.shape}")
        classes = math.prod(self.graph.shapes[self.graph.output])
        if len(self.labels) != classes:
            raise GraphError(f"the graph has {classes} outputs but there are {len(self.labels)} labels")

    @property
    def tensors(self) -> Mapping[str, TensorQuant]:
        """Scales and zero points: float32 tensors have none."""
        return MappingProxyType({})

    @property
    def weight_scales(self) -> Mapping[str, Float32Array]:
        """Scales of weights: float32 ones have none."""
        return MappingProxyType({})

    @property
    def content_hash(self) -> str:
        """Sixteen hex digits that name what the model computes: structure and weights."""
        header = {"graph": to_json(self.graph), "labels": list(self.labels), "name": self.name}
        digest = hashlib.sha256(json.dumps(header, sort_keys=True).encode())
        for key, array in sorted({**self.weights, **self.biases}.items()):
            digest.update(key.encode() + b"\0" + np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]
