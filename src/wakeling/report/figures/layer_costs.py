"""Where the cost sits: MACs and parameters of each layer of the chosen network, for the report."""

from __future__ import annotations

from collections.abc import Sequence

from wakeling.report.figures.cost_columns import Column, cost_columns
from wakeling.report.networks import Layer
from wakeling.units import format_count


def layer_costs(layers: Sequence[Layer]) -> str | None:
    """Horizontal bars of every layer that costs anything, the first on top; None without one."""
    layers = [layer for layer in layers if layer.macs or layer.parameters]
    if not layers:
        return None
    macs = [layer.macs for layer in layers]
    parameters = [layer.parameters for layer in layers]
    heaviest = max(layers, key=lambda layer: layer.macs)
    return cost_columns(
        [layer.name for layer in layers],
        [layer.operator for layer in layers],
        [
            Column(title=f"MACs: {format_count(sum(macs))}", values=macs, write=_count),
            Column(
                title=f"Parameters, as deployed: {format_count(sum(parameters))}",
                values=parameters,
                write=_count,
            ),
        ],
        name="layers",
        title="MACs and parameters of each layer",
        description=(
            f"{len(layers)} layers that cost anything; the most MACs are in {heaviest.name}: "
            f"{format_count(heaviest.macs)} of {format_count(sum(macs))}"
        ),
    ).svg()


def _count(value: float) -> str:
    return format_count(int(value))
