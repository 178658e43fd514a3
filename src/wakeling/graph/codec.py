"""Graphs as JSON values, and their content hash; shapes are derived anew when one is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from wakeling.errors import GraphError
from wakeling.graph.builder import GraphBuilder
from wakeling.graph.structure import Graph
from wakeling.ops import (
    operator_from_json,
    operator_name,
    operator_to_json,
)

FORMAT = "wakeling.graph/1"


def to_json(graph: Graph) -> dict[str, Any]:
    """The graph as plain JSON values."""
    return {
        "format": FORMAT,
        "name": graph.name,
        "input_shape": list(graph.input_shape),
        "input_type": graph.input_type,
        "output": graph.output,
        "nodes": [
            {
                "name": node.name,
                "op": operator_name(node.op),
                "inputs": list(node.inputs),
                "attributes": operator_to_json(node.op),
            }
            for node in graph.nodes
        ],
    }


def from_json(value: Mapping[str, Any]) -> Graph:
    """The inverse of `to_json`; shapes are derived again, so a file cannot lie about them."""
    if value.get("format") != FORMAT:
        raise GraphError(f"graph format is {value.get('format')!r}; this version reads {FORMAT!r}")
    try:
        builder = GraphBuilder(value["name"], tuple(value["input_shape"]), value.get("input_type", "int8"))
        for node in value["nodes"]:
            op = operator_from_json(node["op"], node["attributes"])
            builder.append(op, *node["inputs"], name=node["name"])
        return builder.build(value["output"])
    except (KeyError, TypeError) as error:
        raise GraphError(f"graph file is malformed: {type(error).__name__} {error}") from None


def content_hash(graph: Graph) -> str:
    """Sixteen hex digits that name a graph's structure (not its weights)."""
    import hashlib

    text = json.dumps(to_json(graph), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
