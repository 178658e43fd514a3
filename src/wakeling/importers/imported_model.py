"""What reading somebody else's model gives: a graph, its numbers, and what happened on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeling.graph import Graph
from wakeling.quantize.float_model import FloatModel
from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """An operator of the file that the graph does not have, and why it needs none."""

    operator: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportedModel:
    """A model file as our graph.

    `quantized` is set for an int8 model, `floating` for a float32 one; where both are None,
    `unquantized_reason` says why: then the model can be costed and shown, but neither computed nor
    written again. `tensor_names` and `tensor_indices` lead from a tensor of the graph to the file's
    (what the import added, such as a flattening before a dense layer, has none).
    `operator_counts` has TFLite's names of all operators in the file, those in `folded` too;
    `description` is wakeling's own metadata, None in a file that another program wrote.
    """

    name: str
    graph: Graph
    quantized: QuantizedModel | None
    floating: FloatModel | None
    unquantized_reason: str | None
    tensor_names: Mapping[str, str]
    tensor_indices: Mapping[str, int]
    file_bytes: int
    operator_counts: Mapping[str, int]
    folded: tuple[Folded, ...]
    metadata_names: tuple[str, ...]
    description: Mapping[str, Any] | None
