"""The gap between a network for photos and a microcontroller, and the steps that close it.

MobileNet's 4.2 million parameters of 4 bytes are 16 MB; a small board has 256 KB: 64 times. Each
step makes the graph again and costs it; nothing is estimated from the step's name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any  # a family's knobs are whole numbers and numbers

from wakeling import spec
from wakeling.cost import CostReport, cost
from wakeling.errors import WakelingError
from wakeling.lesson.multipliers import known_family
from wakeling.ops import ElementType
from wakeling.units import KIB

TARGET_BYTES = 256 * KIB
"""Flash and RAM of the board of the lesson's headline; a named board or sizes take its place."""

PHOTO_KNOBS: Mapping[str, float] = {
    "alpha": 1.0,
    "resolution": 224,
    "channels": 3,
    "classes": 1000,
    "depth": 1.0,
}
"""Where the gap starts: ImageNet's thousand classes on color images of 224 pixels."""

EXAMPLE_DEPTH = 0.5
"""What the table of single steps shows for a knob that stays as it is."""

ALPHA_STEPS = 20
"""Widths are tried in steps of 1/20 for the widest that fits."""

PLAIN_RUNTIME = "liveness"
"""Whose RAM the steps are counted in: the tensors alone."""

FLASH_RUNTIME = "tflm"
"""Whose flash is counted where the RAM's runtime is a bare plan and has no code."""

QUANTIZE = "int8 instead of float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A network on the way down; the factors say how many times less it takes than before the step.

    `parameter_bytes` are the deployed parameters in `element_type` (int8: biases in int32), and
    `ram_bytes` the peak of the activations in it, by liveness.
    """

    step: str
    name: str
    element_type: ElementType
    macs: int
    parameters: int
    parameter_bytes: int
    ram_bytes: int
    parameter_factor: float
    ram_factor: float
    macs_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLesson:
    """From the first of `stages` to the last, one step after another; `alone` has each step by itself.

    `gap` is the first network's parameters over the target's flash, `ram_gap` its activations over
    the target's RAM. What the last network takes under `runtime` is `flash_bytes` and `ram_bytes`:
    `flash_overhead_bytes` (the file's tables, the code of `flash_runtime`) and `ram_overhead_bytes`
    (alignment, scratch, structures; below zero where the runtime computes in place) come on top of
    the last stage. `widest_alpha` is the widest α, in steps of 0.05, that fits with the other knobs
    as given; None where none does.
    """

    family: str
    target: str
    flash_target_bytes: int
    ram_target_bytes: int
    runtime: str
    flash_runtime: str
    gap: float
    ram_gap: float
    stages: tuple[Stage, ...]
    alone: tuple[Stage, ...]
    flash_bytes: int
    flash_overhead_bytes: int
    ram_bytes: int
    ram_overhead_bytes: int
    flash_share: float
    ram_share: float
    fits: bool
    widest_alpha: float | None


def explain_gap(
    *,
    family: str = "mobilenet_v1",
    alpha: float = 0.25,
    resolution: int = 96,
    channels: int = 1,
    classes: int = 2,
    depth: float = 1.0,
    target: str = "a small microcontroller",
    flash_target_bytes: int = TARGET_BYTES,
    ram_target_bytes: int = TARGET_BYTES,
    runtime: str = "tflm",
) -> GapLesson:
    """The way from the family at ImageNet's size in float32 to these knobs in int8.

    `runtime` names who runs the last network. Raises SpecError for an unknown family or a bad knob,
    WakelingError for an unknown runtime or a target below one byte.
    """
    if min(flash_target_bytes, ram_target_bytes) < 1:
        raise WakelingError(
            f"the target is {flash_target_bytes} bytes of flash and {ram_target_bytes} of RAM; "
            "each must be at least 1"
        )
    name = known_family(family)
    wanted: dict[str, Any] = {
        "alpha": alpha,
        "resolution": resolution,
        "channels": channels,
        "classes": classes,
        "depth": depth,
    }
    end = _report(name, wanted, "int8", runtime)
    stages = _stages(name, wanted)
    flash_runtime = runtime if runtime in end.flash_by_runtime else FLASH_RUNTIME
    flash_bytes, ram_bytes = end.flash_by_runtime[flash_runtime].total_bytes, end.ram_bytes[runtime]

    def fits(report: CostReport) -> bool:
        return (
            report.flash_by_runtime[flash_runtime].total_bytes <= flash_target_bytes
            and report.ram_bytes[runtime] <= ram_target_bytes
        )

    return GapLesson(
        family=name,
        target=target,
        flash_target_bytes=flash_target_bytes,
        ram_target_bytes=ram_target_bytes,
        runtime=runtime,
        flash_runtime=flash_runtime,
        gap=stages[0].parameter_bytes / flash_target_bytes,
        ram_gap=stages[0].ram_bytes / ram_target_bytes,
        stages=stages,
        alone=_alone(name, wanted, stages[0]),
        flash_bytes=flash_bytes,
        flash_overhead_bytes=flash_bytes - stages[-1].parameter_bytes,
        ram_bytes=ram_bytes,
        ram_overhead_bytes=ram_bytes - stages[-1].ram_bytes,
        flash_share=flash_bytes / flash_target_bytes,
        ram_share=ram_bytes / ram_target_bytes,
        fits=fits(end),
        widest_alpha=next(
            (
                step / ALPHA_STEPS
                for step in range(ALPHA_STEPS, 0, -1)
                if fits(_report(name, {**wanted, "alpha": step / ALPHA_STEPS}, "int8", runtime))
            ),
            None,
        ),
    )


_WORDS: Mapping[str, Callable[[float, float], str]] = {
    "classes": lambda old, new: f"{new} classes instead of {old}",
    "alpha": lambda old, new: f"width α {new:g} instead of {old:g}",
    "depth": lambda old, new: f"depth {new:g} instead of {old:g}",
    "resolution": lambda old, new: f"{new} pixels a side instead of {old}",
    "channels": lambda old, new: "gray instead of color",
}
"""A knob's step in words, from the old value and the new one, in the order of the steps."""


def _report(family: str, knobs: Mapping[str, Any], element: ElementType, runtime: str) -> CostReport:
    graph = spec.lower(spec.make(family, **knobs))
    if element != graph.input_type:
        graph = dataclasses.replace(graph, input_type=element)
    return cost(graph, runtimes=(runtime,))


def _stages(family: str, wanted: Mapping[str, Any]) -> tuple[Stage, ...]:
    """int8 first, then each knob that changes, on top of those before it."""
    stages = [_stage("", family, PHOTO_KNOBS, "float32", None)]
    stages.append(_stage(QUANTIZE, family, PHOTO_KNOBS, "int8", stages[0]))
    knobs = dict(PHOTO_KNOBS)
    for knob, words in _WORDS.items():
        if wanted[knob] != knobs[knob]:
            step = words(knobs[knob], wanted[knob])
            knobs[knob] = wanted[knob]
            stages.append(_stage(step, family, knobs, "int8", stages[-1]))
    return tuple(stages)


def _alone(family: str, wanted: Mapping[str, Any], start: Stage) -> tuple[Stage, ...]:
    """What each step does to the first network by itself; depth 0.5 where depth stays."""
    stages = [_stage(QUANTIZE, family, PHOTO_KNOBS, "int8", start)]
    for knob, words in _WORDS.items():
        old, new = PHOTO_KNOBS[knob], wanted[knob]
        if knob == "depth" and new == old:
            new = EXAMPLE_DEPTH
        if new != old:
            knobs = {**PHOTO_KNOBS, knob: new}
            stages.append(_stage(words(old, new), family, knobs, start.element_type, start))
    return tuple(stages)


def _stage(
    step: str, family: str, knobs: Mapping[str, Any], element: ElementType, before: Stage | None
) -> Stage:
    report = _report(family, knobs, element, PLAIN_RUNTIME)
    ram_bytes = report.ram_bytes[PLAIN_RUNTIME]
    return Stage(
        step=step,
        name=report.name,
        element_type=element,
        macs=report.macs,
        parameters=report.deployed_parameters,
        parameter_bytes=report.weight_bytes,
        ram_bytes=ram_bytes,
        parameter_factor=before.parameter_bytes / report.weight_bytes if before else 1.0,
        ram_factor=before.ram_bytes / ram_bytes if before else 1.0,
        macs_factor=before.macs / report.macs if before else 1.0,
    )
