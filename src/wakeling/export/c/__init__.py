"""Plain C from an int8 model: no interpreter, no allocation, no dependency."""

from __future__ import annotations

from wakeling.export.c.compile import CompiledModel, compile_model
from wakeling.export.c.program import TraceEvent
from wakeling.export.c.targets import TARGETS, Target, target_for_core, target_of

__all__ = [
    "TARGETS",
    "CompiledModel",
    "Target",
    "TraceEvent",
    "compile_model",
    "target_for_core",
    "target_of",
]
