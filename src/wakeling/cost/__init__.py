"""HOW MUCH: operations, parameters, memory, flash, time and energy; pure functions, no torch.

Every figure says where it comes from (`CostReport.provenance`).
"""

from __future__ import annotations

from wakeling.cost.budget import Budget, Violation, budget_of, describe, violation_to_json, violations
from wakeling.cost.codec import from_json, to_json
from wakeling.cost.counts import Counts, count
from wakeling.cost.flash import Flash
from wakeling.cost.from_torch import from_torch
from wakeling.cost.latency import Latency, LayerTime, engines_for, latency
from wakeling.cost.memory import (
    PLANNERS,
    Lifetime,
    MemoryPlan,
    PatchOption,
    best_order,
    live_at,
    liveness,
    option_to_json,
    patch_front,
    patch_trade,
    patched,
    tflm,
    wakeling_c,
)
from wakeling.cost.parameters import Parameters, parameters
from wakeling.cost.placement import Placement, place, placement_to_json
from wakeling.cost.provenance import Provenance
from wakeling.cost.report import CostReport, LayerCost, cost

__all__ = [
    "PLANNERS",
    "Budget",
    "CostReport",
    "Counts",
    "Flash",
    "Latency",
    "LayerCost",
    "LayerTime",
    "Lifetime",
    "MemoryPlan",
    "Parameters",
    "PatchOption",
    "Placement",
    "Provenance",
    "Violation",
    "best_order",
    "budget_of",
    "cost",
    "count",
    "describe",
    "engines_for",
    "from_json",
    "from_torch",
    "latency",
    "live_at",
    "liveness",
    "option_to_json",
    "parameters",
    "patch_front",
    "patch_trade",
    "patched",
    "place",
    "placement_to_json",
    "tflm",
    "to_json",
    "violation_to_json",
    "violations",
    "wakeling_c",
]
