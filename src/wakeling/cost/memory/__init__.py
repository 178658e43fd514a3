"""Memory planners, one a file: from a fused graph alone to what each runtime holds over time.

Another runtime's planner is one more file and one more entry of `PLANNERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from wakeling.cost.memory.best_order import best_order
from wakeling.cost.memory.codec import option_to_json, plan_from_json, plan_to_json
from wakeling.cost.memory.in_place import is_pointwise
from wakeling.cost.memory.liveness import lifetimes, liveness
from wakeling.cost.memory.patched import patch_front, patch_trade, patched
from wakeling.cost.memory.plan import Lifetime, MemoryPlan, PatchOption, live_at
from wakeling.cost.memory.provenance import RAM_PROVENANCE
from wakeling.cost.memory.scratch import ring_bytes, rows_bytes, windows_bytes
from wakeling.cost.memory.tflm import tflm
from wakeling.cost.memory.wakeling_c import Held, held_by, wakeling_c
from wakeling.graph import Graph

__all__ = [
    "OWN_C_PLANNERS",
    "PLANNERS",
    "RAM_PROVENANCE",
    "Lifetime",
    "MemoryPlan",
    "PatchOption",
    "best_order",
    "is_pointwise",
    "lifetimes",
    "live_at",
    "liveness",
    "option_to_json",
    "patch_front",
    "patch_trade",
    "patched",
    "plan_from_json",
    "plan_to_json",
    "plans",
    "ring_bytes",
    "rows_bytes",
    "tflm",
    "wakeling_c",
    "windows_bytes",
]

PLANNERS: Mapping[str, Callable[[Graph], MemoryPlan]] = MappingProxyType(
    {
        "liveness": liveness,
        "best-order": best_order,
        "tflm": tflm,
        "wakeling-c": wakeling_c,
        "patched": patched,
    }
)
"""From a fused graph to a memory plan, by the runtime's name."""

_OWN_C: Mapping[str, Callable[[Graph, Held], MemoryPlan]] = MappingProxyType(
    {"wakeling-c": wakeling_c, "patched": patched}
)
"""Those that plan by one set of rules."""

OWN_C_PLANNERS = tuple(_OWN_C)
"""The runtimes that are our own C."""


def plans(graph: Graph, runtimes: Iterable[str]) -> dict[str, MemoryPlan]:
    """The plans of a fused graph for these runtimes of `PLANNERS`; what two planners need is found once."""
    chosen = list(runtimes)
    if _OWN_C.keys().isdisjoint(chosen):
        return {runtime: PLANNERS[runtime](graph) for runtime in chosen}
    held = held_by(graph)
    return {
        runtime: _OWN_C[runtime](graph, held) if runtime in _OWN_C else PLANNERS[runtime](graph)
        for runtime in chosen
    }
