"""What a patch needs, found by marking pixel after pixel: the slow witness of `patch_regions`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from wakeling.cost.memory.windows import WINDOWED, extent_of, fused_pads, margins_of
from wakeling.graph import Graph, Node
from wakeling.ops import Pad, StridedSlice

Pixel = tuple[int, int]
Box = tuple[tuple[int, int], tuple[int, int]]


def boxes(graph: Graph, length: int, patch: Box) -> dict[str, Box]:
    """The smallest box of each tensor that holds every pixel which one patch of the output needs."""
    pads = fused_pads(graph)
    output = graph.nodes[length - 1]
    marked: dict[str, set[Pixel]] = {output.name: set(itertools.product(range(*patch[0]), range(*patch[1])))}
    for node in reversed(graph.nodes[:length]):
        if node.name in pads:
            continue
        box = box_of(marked.get(node.name, set()))
        if box is None:
            continue
        # A box is computed as a whole, so that all of its pixels need theirs.
        for pixel in itertools.product(range(*box[0]), range(*box[1])):
            for name, seen in _seen(graph, node, pixel, pads):
                marked.setdefault(name, set()).add(seen)
    found = {name: box_of(pixels) for name, pixels in marked.items()}
    return {name: box for name, box in found.items() if box is not None}


def box_of(pixels: set[Pixel]) -> Box | None:
    """Rows and columns around all pixels."""
    if not pixels:
        return None
    rows, columns = [row for row, _ in pixels], [column for _, column in pixels]
    return (min(rows), max(rows) + 1), (min(columns), max(columns) + 1)


def _seen(graph: Graph, node: Node, pixel: Pixel, pads: dict[str, Node]) -> Iterator[tuple[str, Pixel]]:
    op: Any = node.op
    row, column = pixel
    for name in node.inputs:
        pad = pads.get(name)
        tensor = name if pad is None else pad.inputs[0]
        height, width = graph.shapes[tensor][:2]
        if isinstance(op, WINDOWED):
            above, left = margins_of(op, graph.shapes[name], pad)
            taps = itertools.product(range(extent_of(op)[0]), range(extent_of(op)[1]))
            places = [(row * op.stride[0] - above + i, column * op.stride[1] - left + j) for i, j in taps]
        elif isinstance(op, Pad):
            places = [(row - op.rows[0], column - op.columns[0])]
        elif isinstance(op, StridedSlice):
            places = [(op.begin[0] + row * op.strides[0], op.begin[1] + column * op.strides[1])]
        else:
            places = [(row if height > 1 else 0, column if width > 1 else 0)]
        yield from ((tensor, place) for place in places if 0 <= place[0] < height and 0 <= place[1] < width)
