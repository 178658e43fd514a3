"""A network as a column of blocks: one row an operator, as wide as the tensor that it makes.

Paths that skip layers are drawn on the left. What each layer costs is in `cost_columns`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, LINE, MUTED, SECOND, SOFT, label
from wakeling.report.figures.picture import Picture
from wakeling.report.listing import LayerLine, Listing, TensorLine, values_of
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = {"conv2d": ACCENT, "dense": ACCENT, "depthwise_conv2d": SECOND}
"""Color of an operator with weights; every other one is soft."""

_LEGEND = (
    ("convolution, dense", ACCENT),
    ("depthwise convolution", SECOND),
    ("without a matrix of weights", SOFT),
)

_ROW_HEIGHT = 15.5
_WIDEST = 0.15
"""Half the width of the widest block; the axes run from 0 to 1."""
_CENTER, _TEXT, _SHAPE, _MACS = 0.235, 0.40, 0.80, 0.985
_SKIP_LEFT = 0.075
"""Where the paths that skip most layers run."""


def network_blocks(listing: Listing) -> Picture:
    """The picture of a listing, the input on top."""
    tensors = (listing.input, *(layer.output for layer in listing.layers))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_xlim(0, 1)
        axes.set_ylim(len(tensors) - 0.3, -1.4)
        axes.axis("off")
        axes.set_title(label(listing.name, 80))
        _paint_titles(axes)
        most = math.log2(1 + max(values_of(tensor) for tensor in tensors))
        for row, tensor in enumerate(tensors):
            _paint_block(axes, row, tensor, listing.layers[row - 1] if row else None, most)
        _paint_skips(axes, tensors, listing.layers)
        _paint_legend(figure, listing)

    return Picture(
        name="network",
        title=listing.name,
        description=(
            f"{len(listing.layers)} operators of {listing.name}, from {_shape(listing.input)} to "
            f"{_shape(listing.output)}: {listing.parameters:,} parameters, {listing.macs:,} MACs"
        ),
        size=(FULL_WIDTH, 76 + _ROW_HEIGHT * (len(tensors) + 1)),
        paint=paint,
        tooltips={f"row-{row}": _tooltip(tensor, row, listing) for row, tensor in enumerate(tensors)},
    )


def _paint_titles(axes: Axes) -> None:
    titles = (
        (_CENTER, "values it makes (logarithmic)", "center"),
        (_TEXT, "operator", "left"),
        (_SHAPE, "output", "center"),
        (_MACS, "MACs", "right"),
    )
    for x, text, side in titles:
        axes.text(x, -1, text, ha=side, va="center", color=MUTED, fontsize=8.5)


def _paint_block(axes: Axes, row: int, tensor: TensorLine, layer: LayerLine | None, most: float) -> None:
    from matplotlib.patches import Rectangle

    half = max(_WIDEST * math.log2(1 + values_of(tensor)) / most, 0.006)
    color = LINE if layer is None else _COLORS.get(layer.operator, SOFT)
    block = Rectangle((_CENTER - half, row - 0.36), 2 * half, 0.72, facecolor=color)
    block.set_gid(f"row-{row}")
    axes.add_patch(block)
    text = "input" if layer is None else layer.text
    axes.text(_TEXT, row, label(text, 52), va="center", color=INK, fontsize=8)
    axes.text(_SHAPE, row, _shape(tensor), ha="center", va="center", color=MUTED, fontsize=8)
    if layer is not None and layer.macs:
        axes.text(_MACS, row, format_count(layer.macs), ha="right", va="center", color=MUTED, fontsize=8)


def _paint_skips(axes: Axes, tensors: Sequence[TensorLine], layers: Sequence[LayerLine]) -> None:
    """A bracket on the left for each input that is not the layer above."""
    rows = {tensor.name: row for row, tensor in enumerate(tensors)}
    skips = [
        (rows[name], row)
        for row, layer in enumerate(layers, start=1)
        for name in dict.fromkeys(layer.inputs)
        if rows[name] != row - 1
    ]
    farthest = max((end - start for start, end in skips), default=1)
    for start, end in skips:
        x = _SKIP_LEFT - 0.065 * (end - start) / farthest
        # Leaves below the middle of a row and arrives above it, so that paths in a chain stay apart.
        rows_of_path = [start + 0.2, start + 0.2, end - 0.2, end - 0.2]
        axes.plot([_SKIP_LEFT, x, x, _SKIP_LEFT], rows_of_path, color=MUTED, linewidth=1)
        axes.plot([_SKIP_LEFT], [end - 0.2], marker=">", markersize=3.2, color=MUTED, linewidth=0)


def _paint_legend(figure: Figure, listing: Listing) -> None:
    from matplotlib.patches import Patch

    shown = {_COLORS.get(layer.operator, SOFT) for layer in listing.layers}
    handles = [Patch(facecolor=color, label=text) for text, color in _LEGEND if color in shown]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _shape(tensor: TensorLine) -> str:
    return "×".join(map(str, tensor.shape))


def _tooltip(tensor: TensorLine, row: int, listing: Listing) -> str:
    said = f"{tensor.name}: {_shape(tensor)} {tensor.element}, {format_bytes(tensor.size_bytes)}"
    return said if row == 0 else f"{said}; {listing.layers[row - 1].parameters:,} parameters"
