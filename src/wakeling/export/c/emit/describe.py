"""A layer in words, for the comments of the generated C: plain ASCII."""

from __future__ import annotations

import dataclasses

from wakeling.graph import Graph, Node
from wakeling.ops import operator_name

_QUIET = {"dilation": (1, 1), "groups": 1, "multiplier": 1, "use_bias": None, "activation": "linear"}
"""Attributes that are not worth a word at these values (None: never)."""


def described(graph: Graph, node: Node) -> str:
    """The operator with its attributes, and the shapes that it goes from and to."""
    words = [f"{node.name}: {operator_name(node.op)}"]
    for field in dataclasses.fields(node.op):
        value = getattr(node.op, field.name)
        if field.name in _QUIET and _QUIET[field.name] in (None, value):
            continue
        words.append(f"{field.name} {_written(value)}")
    sources = ", ".join(_written(graph.shapes[name]) for name in node.inputs)
    return f"{', '.join(words)}; {sources} -> {_written(node.shape)}."


def _written(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
