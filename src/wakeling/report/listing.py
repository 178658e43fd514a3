"""What a network is made of, layer by layer, for `wakeling show` and its figure: plain frozen data.

Of a .tflite file also what the file says: scales, its own operators, what was folded away.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakeling.cost import count, parameters
from wakeling.graph import INPUT, Graph, Node
from wakeling.importers import ImportedModel
from wakeling.ops import Shape, operator_name, operator_to_json
from wakeling.report.operator_text import operator_text

FORMAT = "wakeling.listing/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorLine:
    """A tensor: its name in the graph and in the file, shape without batch, type, scale."""

    name: str
    file_name: str | None
    shape: Shape
    element: str
    size_bytes: int
    scale: float | None
    zero_point: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerLine:
    """One operator: what it reads and makes, what it keeps and computes."""

    operator: str
    attributes: Mapping[str, Any]
    text: str
    inputs: tuple[str, ...]
    output: TensorLine
    parameters: int
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A whole network; `model` is None where it came from no file with weights.

    `labels` are those that wakeling's own metadata names; nobody knows those of other files.
    """

    name: str
    input: TensorLine
    output: TensorLine
    labels: tuple[str, ...]
    layers: tuple[LayerLine, ...]
    operators: Mapping[str, int]
    parameters: int
    macs: int
    model: ImportedModel | None


def list_graph(graph: Graph, model: ImportedModel | None = None) -> Listing:
    """The listing of a graph, with what its file adds where it was read from one."""
    layers = tuple(_layer(graph, node, model) for node in graph.nodes)
    numbers = None if model is None else model.quantized or model.floating
    return Listing(
        name=graph.name,
        input=_tensor(graph, INPUT, model),
        output=_tensor(graph, graph.output, model),
        labels=() if numbers is None or model is None or model.description is None else numbers.labels,
        layers=layers,
        operators=Counter(layer.operator for layer in layers),
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        model=model,
    )


def to_json(listing: Listing) -> dict[str, Any]:
    """The listing as plain JSON values."""
    model = listing.model
    value: dict[str, Any] = {
        "format": FORMAT,
        "name": listing.name,
        "input": dataclasses.asdict(listing.input),
        "output": dataclasses.asdict(listing.output),
        "labels": list(listing.labels),
        "parameters": listing.parameters,
        "macs": listing.macs,
        "operators": dict(listing.operators),
        "layers": [
            {
                "name": layer.output.name,
                "operator": layer.operator,
                "attributes": dict(layer.attributes),
                "inputs": list(layer.inputs),
                "output": dataclasses.asdict(layer.output),
                "parameters": layer.parameters,
                "macs": layer.macs,
            }
            for layer in listing.layers
        ],
    }
    if model is not None:
        value["file"] = {
            "bytes": model.file_bytes,
            "numbers": numbers_of(model),
            "not_computed_because": model.unquantized_reason,
            "operators": dict(model.operator_counts),
            "folded": [dataclasses.asdict(entry) for entry in model.folded],
            "metadata_names": list(model.metadata_names),
            "wakeling": None if model.description is None else dict(model.description),
        }
    return value


def numbers_of(model: ImportedModel) -> str | None:
    """What the model computes with: int8, float32, or None where it can only be costed."""
    if model.quantized is not None:
        return "int8"
    return None if model.floating is None else "float32"


def _layer(graph: Graph, node: Node, model: ImportedModel | None) -> LayerLine:
    source = graph.shapes[node.inputs[0]]
    kept = parameters(node.op, source)
    return LayerLine(
        operator=operator_name(node.op),
        attributes=operator_to_json(node.op),
        text=operator_text(node.op),
        inputs=node.inputs,
        output=_tensor(graph, node.name, model),
        parameters=kept.weights + kept.biases + kept.statistics,
        macs=count(node.op, source, node.shape).macs,
    )


def _tensor(graph: Graph, name: str, model: ImportedModel | None) -> TensorLine:
    quantized = None if model is None else model.quantized
    quant = None if quantized is None else quantized.tensors.get(name)
    return TensorLine(
        name=name,
        file_name=None if model is None else model.tensor_names.get(name),
        shape=graph.shapes[name],
        element=graph.types[name],
        size_bytes=graph.sizes[name],
        scale=None if quant is None else quant.scale,
        zero_point=None if quant is None else quant.zero_point,
    )


def values_of(tensor: TensorLine) -> int:
    """How many values a tensor holds."""
    return math.prod(tensor.shape)
