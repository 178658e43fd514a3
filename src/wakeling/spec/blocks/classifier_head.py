"""The end of every network here: global average pooling, dense layer, softmax."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.graph import GraphBuilder
from wakeling.spec.blocks.block import Block
from wakeling.spec.checks import whole

MAX_CLASSES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierHead(Block):
    """Mean over the image, a dense layer with bias to `classes` values, softmax."""

    classes: int = 2

    def __post_init__(self) -> None:
        whole("classes", self.classes, 2, MAX_CLASSES)

    def lower(self, builder: GraphBuilder, tensor: str, name: str) -> str:
        """Four operators: `NAME_pool`, `NAME_flatten`, `NAME_dense`, `NAME_softmax`."""
        return builder.classifier(tensor, classes=self.classes, name=name)
