"""The graph that everything reads: operators in execution order, built, walked, and written as JSON."""

from __future__ import annotations

from wakeling.graph.builder import GraphBuilder
from wakeling.graph.codec import FORMAT, content_hash, from_json, to_json
from wakeling.graph.structure import INPUT, Graph, Node, weight_key, weight_shapes

__all__ = [
    "FORMAT",
    "INPUT",
    "Graph",
    "GraphBuilder",
    "Node",
    "content_hash",
    "from_json",
    "to_json",
    "weight_key",
    "weight_shapes",
]
