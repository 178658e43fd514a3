"""From a graph to a torch module: one table from operator to layer, and the module that runs it.

This package alone knows torch's axis order; nothing here knows data, recipes or integers.
"""

from __future__ import annotations

from wakeling.nets.layers import LAYERS, layer_for
from wakeling.nets.module import Compute, GraphModule, apply_layer, build
from wakeling.nets.weights import export_weights, initialize, load_weights

__all__ = [
    "LAYERS",
    "Compute",
    "GraphModule",
    "apply_layer",
    "build",
    "export_weights",
    "initialize",
    "layer_for",
    "load_weights",
]
