"""HOW MUCH: operations, parameters, memory and flash of a graph; pure functions, no torch.

Every figure says where it comes from (`CostReport.provenance`).
"""

from __future__ import annotations

from wakeling.cost.budget import Budget, Violation, budget_of, describe, violation_to_json, violations
from wakeling.cost.codec import from_json, to_json
from wakeling.cost.counts import Counts, count
from wakeling.cost.flash import Flash
from wakeling.cost.memory import PLANNERS, Lifetime, MemoryPlan, live_at, liveness
from wakeling.cost.parameters import Parameters, parameters
from wakeling.cost.provenance import Provenance
from wakeling.cost.report import CostReport, LayerCost, cost

__all__ = [
    "PLANNERS",
    "Budget",
    "CostReport",
    "Counts",
    "Flash",
    "LayerCost",
    "Lifetime",
    "MemoryPlan",
    "Parameters",
    "Provenance",
    "Violation",
    "budget_of",
    "cost",
    "count",
    "describe",
    "from_json",
    "live_at",
    "liveness",
    "parameters",
    "to_json",
    "violation_to_json",
    "violations",
]
