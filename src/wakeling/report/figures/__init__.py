"""One figure a file: plain data in, an inline SVG out (None where there is nothing to draw)."""

from __future__ import annotations

from wakeling.report.figures.intervals import intervals
from wakeling.report.figures.layer_costs import layer_costs
from wakeling.report.figures.ram_over_time import ram_over_time
from wakeling.report.figures.roc import roc
from wakeling.report.figures.search import search
from wakeling.report.figures.search_front import search_front
from wakeling.report.figures.search_growth import search_growth
from wakeling.report.figures.search_importance import search_importance
from wakeling.report.figures.search_knobs import search_knobs
from wakeling.report.figures.search_so_far import search_so_far
from wakeling.report.figures.training import training

__all__ = [
    "intervals",
    "layer_costs",
    "ram_over_time",
    "roc",
    "search",
    "search_front",
    "search_growth",
    "search_importance",
    "search_knobs",
    "search_so_far",
    "training",
]
