"""What TensorFlow Lite Micro's kernels refuse that others take: too many axes, inputs, or types.

Found by trying its Python wheel; `tests/verify/test_runtime_limits.py` tries again. TFLite's tensors
have a batch axis in front, so a graph's tensors may have one axis less than a kernel's limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wakeling.graph import Graph, Node
from wakeling.ops import Concat, Operator, StridedSlice, Transpose

CONCAT_INPUTS = 10
TRANSPOSE_AXES = 4
SLICE_AXES = 3


def _concat(graph: Graph, node: Node) -> str | None:
    if len(node.inputs) <= CONCAT_INPUTS:
        return None
    return f"concatenates {len(node.inputs)} tensors; its limit is {CONCAT_INPUTS}"


def _axes(limit: int) -> Callable[[Graph, Node], str | None]:
    def check(graph: Graph, node: Node) -> str | None:
        axes = len(graph.shapes[node.inputs[0]])
        return None if axes <= limit else f"has an input of {axes} axes; its limit is {limit}"

    return check


TFLM_LIMITS: Mapping[type[Operator], Callable[[Graph, Node], str | None]] = MappingProxyType(
    {Concat: _concat, Transpose: _axes(TRANSPOSE_AXES), StridedSlice: _axes(SLICE_AXES)}
)
"""The limit of each operator that has one."""


def tflm_refusals(graph: Graph) -> tuple[str, ...]:
    """What TensorFlow Lite Micro refuses in a graph, one line a node; empty where it takes all."""
    found = []
    for node in graph.nodes:
        limit = TFLM_LIMITS.get(type(node.op))
        reason = None if limit is None else limit(graph, node)
        if reason is not None:
            found.append(f"{node.name!r} {reason}")
    return tuple(found)
