"""A space of networks: a stem, stages of equal blocks, a head; each with a few choices.

What a stage may be is data (`codec` reads it from a TOML); how a point becomes a network is here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from wakeling.errors import WakelingError, unknown_name
from wakeling.search.space.point import Parameter, Point, Value
from wakeling.spec import BLOCKS, Block, ClassifierHead, Network, StandardConv

KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "standard_conv": ("filters", "kernel", "stride", "skip"),
        "depthwise_separable": ("filters", "kernel", "stride", "skip"),
        "inverted_residual": ("filters", "kernel", "stride", "skip", "expansion"),
    }
)
"""What the blocks of a stage may be, by their names in network files, and the knobs that each has."""

EXECUTIONS = ("whole", "patches")
"""How the first layers run: each tensor whole, or patch by patch (the `patched` plan)."""


def scaled(filters: int, width: float, divisor: int) -> int:
    """Channels at a width: the nearest multiple of `divisor`, at least one of it.

    A channel count off the multiple leaves lanes of the multiply-accumulate unit empty.
    """
    return max(divisor, int(filters * width / divisor + 0.5) * divisor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """The first standard convolution."""

    filters: tuple[int, ...]
    kernel: tuple[int, ...] = (3,)
    stride: tuple[int, ...] = (2,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Blocks of one kind; the first carries the stride. Depth 0 leaves the stage out.

    `expansion` is of inverted residuals only; `skip` adds input and output of every block that
    keeps its shape.
    """

    filters: tuple[int, ...]
    block: tuple[str, ...] = ("inverted_residual",)
    depth: tuple[int, ...] = (1,)
    kernel: tuple[int, ...] = (3,)
    expansion: tuple[int, ...] = (3,)
    stride: tuple[int, ...] = (1,)
    skip: tuple[bool, ...] = (True,)

    def __post_init__(self) -> None:
        for name in self.block:
            if name not in KINDS:
                raise WakelingError(unknown_name("block of a stage", name, KINDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A pointwise convolution before the classifier; 0 filters leave it out."""

    filters: tuple[int, ...] = (0,)


@dataclass(frozen=True, kw_only=True)
class StagedSpace:
    """Every choice of stem, stages and head over some input resolutions.

    `widths` multiplies the filters of stem, stages and head alike, rounded to multiples of
    `divisor`; `execution` says whether the first layers may run patch by patch, which the check of
    RAM then assumes.
    """

    name: str
    title: str = ""
    resolutions: tuple[int, ...]
    channels: tuple[int, ...] = (3,)
    widths: tuple[float, ...] = (1.0,)
    divisor: int = 4
    execution: tuple[str, ...] = ("whole",)
    stem: Stem
    stages: tuple[Stage, ...]
    head: Head = Head()
    classes: int = 2

    def __post_init__(self) -> None:
        if self.divisor < 1:
            raise WakelingError(f"search space {self.name}: divisor is {self.divisor}; it must be at least 1")
        if not self.stages:
            raise WakelingError(f"search space {self.name} has no stages; give at least one [[stages]]")
        for name in self.execution:
            if name not in EXECUTIONS:
                raise WakelingError(unknown_name("execution", name, EXECUTIONS))
        _ = self.parameters  # checks the choices

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The knobs: `resolution`, `channels`, `width`, `execution`, `stem.*`, `stage1.*`, …, `head.*`."""
        named: list[tuple[str, tuple[Value, ...]]] = [
            ("resolution", self.resolutions),
            ("channels", self.channels),
            ("width", self.widths),
            ("execution", self.execution),
            ("stem.filters", self.stem.filters),
            ("stem.kernel", self.stem.kernel),
            ("stem.stride", self.stem.stride),
        ]
        for number, stage in enumerate(self.stages, start=1):
            named += [(f"stage{number}.{knob}", getattr(stage, knob)) for knob in STAGE_KNOBS]
        named.append(("head.filters", self.head.filters))
        return tuple(Parameter(name=name, choices=choices) for name, choices in named)

    def canonical(self, point: Point) -> Point:
        """The point with what its network does not use at the first choice.

        A stage of depth 0 uses nothing else; only inverted residuals have an expansion.
        """
        fixed = list(point)
        for number, stage in enumerate(self.stages):
            first = FIRST_STAGE_KNOB + number * len(STAGE_KNOBS)
            if stage.depth[point[first + _DEPTH]] == 0:
                fixed[first : first + len(STAGE_KNOBS)] = [0] * len(STAGE_KNOBS)
                fixed[first + _DEPTH] = point[first + _DEPTH]
            elif "expansion" not in KINDS[stage.block[point[first + _BLOCK]]]:
                fixed[first + _EXPANSION] = 0
        return tuple(fixed)

    def network(self, point: Point) -> Network:
        """The network of a point, named after the space and the point."""
        blocks = self.blocks(point)
        return Network(
            name=self.network_name(point),
            resolution=self.resolutions[point[0]],
            channels=self.channels[point[1]],
            blocks=blocks,
        )

    def network_name(self, point: Point) -> str:
        """The space, the input and six letters for the rest: `tiny-r48-gray-3f09ab`."""
        canonical = self.canonical(point)
        color = "gray" if self.channels[point[1]] == 1 else "rgb"
        digest = hashlib.sha256(repr((self.parameters, canonical)).encode()).hexdigest()[:6]
        return f"{self.name}-r{self.resolutions[point[0]]}-{color}-{digest}"

    def family_of(self, point: Point) -> str:
        """The space's name: its networks compare with each other."""
        return self.name

    def blocks(self, point: Point) -> tuple[Block, ...]:
        """The blocks of a point, the classifier last."""
        width = self.widths[point[2]]
        filters, kernel, stride = point[4:7]
        blocks: list[Block] = [
            StandardConv(
                filters=scaled(self.stem.filters[filters], width, self.divisor),
                kernel=self.stem.kernel[kernel],
                stride=self.stem.stride[stride],
            )
        ]
        for number, stage in enumerate(self.stages):
            first = FIRST_STAGE_KNOB + number * len(STAGE_KNOBS)
            blocks += _stage_blocks(stage, point[first : first + len(STAGE_KNOBS)], width, self.divisor)
        last = self.head.filters[point[-1]]
        if last:
            blocks.append(StandardConv(filters=scaled(last, width, self.divisor), kernel=1))
        return (*blocks, ClassifierHead(classes=self.classes))


STAGE_KNOBS = ("block", "depth", "filters", "kernel", "expansion", "stride", "skip")
"""The knobs of a stage in the order in which a point holds them."""

FIRST_STAGE_KNOB = 7
"""Where the first stage's knobs begin in a point."""

_BLOCK, _DEPTH, _EXPANSION = (STAGE_KNOBS.index(name) for name in ("block", "depth", "expansion"))


def _stage_blocks(stage: Stage, choice: Point, width: float, divisor: int) -> list[Block]:
    # Any: the knobs of a stage are names, numbers and switches
    chosen: dict[str, Any] = {
        knob: getattr(stage, knob)[index] for knob, index in zip(STAGE_KNOBS, choice, strict=True)
    }
    chosen["filters"] = scaled(chosen["filters"], width, divisor)
    kind = chosen["block"]
    knobs = {knob: chosen[knob] for knob in KINDS[kind]}
    first, later = BLOCKS[kind](**knobs), {**knobs, "stride": 1}
    return [first, *(BLOCKS[kind](**later) for _ in range(chosen["depth"] - 1))] if chosen["depth"] else []
