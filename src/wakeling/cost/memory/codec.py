"""Memory plans as JSON values, and back; what is at its default is left out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from wakeling.cost.memory.plan import Lifetime, MemoryPlan, PatchOption


def plan_to_json(plan: MemoryPlan) -> dict[str, Any]:
    """The plan as plain JSON values, without its runtime, which is its key in a report."""
    value: dict[str, Any] = {
        "peak_bytes": plan.peak_bytes,
        "live_bytes": list(plan.live_bytes),
        "buffers": [_buffer_to_json(buffer) for buffer in plan.buffers],
    }
    if plan.parts:
        value["parts"] = dict(plan.parts)
    if plan.order:
        value["order"] = list(plan.order)
    if plan.lower_bound_bytes is not None:
        value["lower_bound_bytes"] = plan.lower_bound_bytes
    if plan.patch is not None:
        value["patch"] = option_to_json(plan.patch)
    return value


def plan_from_json(runtime: str, value: Mapping[str, Any]) -> MemoryPlan:
    """The inverse of `plan_to_json`; raises KeyError or TypeError for anything else."""
    patch = value.get("patch")
    return MemoryPlan(
        runtime=runtime,
        peak_bytes=value["peak_bytes"],
        live_bytes=tuple(value["live_bytes"]),
        buffers=tuple(_buffer_from_json(buffer) for buffer in value["buffers"]),
        parts=dict(value.get("parts", {})),
        order=tuple(value.get("order", ())),
        lower_bound_bytes=value.get("lower_bound_bytes"),
        patch=None if patch is None else PatchOption(**patch),
    )


def option_to_json(option: PatchOption) -> dict[str, Any]:
    """One row of the patched trade as plain JSON values."""
    return dataclasses.asdict(option)


def _buffer_to_json(buffer: Lifetime) -> dict[str, Any]:
    value: dict[str, Any] = {
        "name": buffer.name,
        "size_bytes": buffer.size_bytes,
        "first": buffer.first,
        "last": buffer.last,
    }
    if buffer.offset_bytes is not None:
        value["offset_bytes"] = buffer.offset_bytes
    if buffer.kind != "tensor":
        value["kind"] = buffer.kind
    if buffer.tensors:
        value["tensors"] = list(buffer.tensors)
    return value


def _buffer_from_json(value: Mapping[str, Any]) -> Lifetime:
    return Lifetime(**{**value, "tensors": tuple(value.get("tensors", ()))})
