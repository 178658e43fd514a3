"""Bounds below what patches need of a tensor, found without looking at every patch.

They let `patched` skip most stages and grids. What patches need exactly is in `patch_regions`.
"""

from __future__ import annotations

import math

from wakeling.cost.memory.patch_regions import (
    HERE,
    Reach,
    Read,
    least_pixels,
    least_pixels_inside,
    through,
)
from wakeling.graph import Graph, Node
from wakeling.ops import ELEMENT_BYTES

Least = tuple[list[int], list[int], int]


class View:
    """How every operator behind a tensor sees it, along rows and columns."""

    def __init__(self, graph: Graph, tensor: str) -> None:
        self._shape = graph.shapes[tensor]
        self._bytes = math.prod(self._shape[2:]) * ELEMENT_BYTES[graph.types[tensor]]
        self._reaches: dict[str, tuple[Reach, Reach]] = {tensor: (HERE, HERE)}
        self._tensor = tensor

    def extend(self, node: Node, reads: tuple[Read, ...]) -> None:
        """Go on to the next operator; of several paths the one that sees most gives the best bound."""
        widest = -1
        for tensor, rows, columns in reads:
            reach = self._reaches.get(tensor)
            if reach is None:
                continue
            tall, wide = reach
            high = through(tall, rows)
            if high[1] + high[2] > widest:
                widest = high[1] + high[2]
                is_square = tall is wide and rows == columns
                self._reaches[node.name] = high, (high if is_square else through(wide, columns))

    def least_bytes(self, node: Node, most: int) -> int:
        """What the largest of most × most patches of a node's output, or of fewer, needs at least."""
        reaches = self._reaches.get(node.name)
        if reaches is None or node.name == self._tensor:
            return 0
        (tall, wide), shape, target = reaches, self._shape, node.shape
        high = width = least_pixels(tall, shape[0], target[0], most)
        if tall is not wide or shape[0] != shape[1] or target[0] != target[1]:
            width = least_pixels(wide, shape[1], target[1], most)
        return high * width * self._bytes

    def least_by_parts(self, node: Node, most: int) -> Least | None:
        """The same by the number of parts: rows for 1 … `most`, columns, and bytes of a pixel."""
        reaches = self._reaches.get(node.name)
        if reaches is None or node.name == self._tensor:
            return None
        shape, target, parts = self._shape, node.shape, range(1, most + 1)
        high, wide = (
            [least_pixels_inside(reaches[axis], shape[axis], target[axis], count_) for count_ in parts]
            for axis in (0, 1)
        )
        return high, wide, self._bytes
