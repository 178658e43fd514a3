"""The interface of a block: a few operators under one name, lowered into a graph."""

from __future__ import annotations

import abc
from dataclasses import dataclass

from wakeling.graph import GraphBuilder

ACTIVATIONS = ("linear", "relu", "relu6")
KERNELS = tuple(range(1, 16, 2))
STRIDES = (1, 2, 3, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(abc.ABC):
    """Frozen plain attributes, and how they become operators.

    The attributes are whole numbers, numbers or strings, each checked when the block is made
    (SpecError), so that a block is also a line of a network file.
    """

    @abc.abstractmethod
    def lower(self, builder: GraphBuilder, tensor: str, name: str) -> str:
        """Append the operators that read `tensor`; the new tensor's name.

        Every node's name starts with `name`, so two blocks of one network never collide.
        """


def with_skip(builder: GraphBuilder, source: str, tensor: str, name: str) -> str:
    """The sum `NAME_add` of a block's input and output where both have one shape; else the output."""
    if builder.shape(source) != builder.shape(tensor):
        return tensor
    return builder.add(source, tensor, name=f"{name}_add")
