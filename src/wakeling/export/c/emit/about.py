"""What a generated model says of itself: its names, sizes and labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wakeling._version import __version__
from wakeling.export.c.lower import Program
from wakeling.graph import INPUT
from wakeling.ops import ElementType
from wakeling.quantize.tensors import TensorQuant


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The input or the output: its shape, type and scale (None: float32)."""

    shape: tuple[int, ...]
    element: ElementType
    bytes: int
    quant: TensorQuant | None

    @property
    def values(self) -> int:
        """How many values it has."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """`name` is the prefix of all that is public, `title` the model's own name.

    `content_hash` names the model that was compiled, before anything was eliminated.
    """

    name: str
    title: str
    content_hash: str
    labels: tuple[str, ...]
    target: str
    arena_bytes: int
    macs: int
    input: End
    output: End
    remarks: tuple[str, ...] = ()
    version: str = __version__


def about_of(
    program: Program, name: str, title: str, content_hash: str, remarks: tuple[str, ...] = ()
) -> About:
    """What is known of a lowered model."""
    model, graph, patch = program.lowering.model, program.lowering.graph, program.plan.patch

    def end(tensor: str) -> End:
        return End(
            shape=graph.shapes[tensor],
            element=graph.types[tensor],
            bytes=graph.sizes[tensor],
            quant=model.tensors.get(tensor),
        )

    return About(
        name=name,
        title=title,
        content_hash=content_hash,
        labels=model.labels,
        target=program.lowering.target.name,
        arena_bytes=program.plan.peak_bytes,
        macs=sum(layer.macs for layer in program.layers) + (patch.added_macs if patch else 0),
        input=end(INPUT),
        output=end(graph.output),
        remarks=remarks,
    )
