"""A space of networks: a stem, stages of equal blocks, a head; each with a few choices.

What a stage may be is data (`codec` reads it from a TOML); how a point becomes a network is here.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
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

WHOLE, PATCHES = EXECUTIONS = ("whole", "patches")
"""How the first layers run: each tensor whole, or patch by patch (the `patched` plan)."""

MOST_BLOCKS = 32
"""Blocks of one stage."""

MOST_KEPT = 16_384
"""Stages whose blocks a space remembers; a search asks for the same few thousand again and again."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


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

    def __post_init__(self) -> None:
        _at_least("filters", self.filters, 1)


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
        _at_least("filters", self.filters, 1)
        _at_least("depth", self.depth, 0)
        if max(self.depth, default=1) < 1:
            raise WakelingError("depth is 0 only; give a depth of at least 1, or leave the stage out")
        if max(self.depth, default=1) > MOST_BLOCKS:
            raise WakelingError(f"depth is {list(self.depth)}; a stage has at most {MOST_BLOCKS} blocks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A pointwise convolution before the classifier; 0 filters leave it out."""

    filters: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        _at_least("filters", self.filters, 0)


def _at_least(name: str, values: Sequence[float], least: float) -> None:
    for value in values:
        if not least <= value < math.inf:
            raise WakelingError(f"{name} has {value}; the least is {least}")


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
        if not _NAME.fullmatch(self.name):
            raise WakelingError(
                f"search space name is {self.name!r}; it must be letters, digits, and _ . + - between"
            )
        if self.divisor < 1:
            raise WakelingError(f"search space {self.name}: divisor is {self.divisor}; it must be at least 1")
        for width in self.widths:
            if not 0 < width < math.inf:
                raise WakelingError(f"search space {self.name}: widths has {width}; it must be above 0")
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

        A stage of depth 0 uses nothing else; only inverted residuals have an expansion; a skip that
        no block can have is none; of filters that round to the same number the first ones count.
        """
        fixed = list(point)
        rounded = self._rounded[point[2]]
        fixed[4], channels = rounded[0][point[4]]
        for number, stage in enumerate(self.stages):
            first = FIRST_STAGE_KNOB + number * len(STAGE_KNOBS)
            block, depth, filters, _, _, stride, _ = point[first : first + len(STAGE_KNOBS)]
            if stage.depth[depth] == 0:
                fixed[first : first + len(STAGE_KNOBS)] = [0, depth, 0, 0, 0, 0, 0]
                continue
            before = channels
            fixed[first + _FILTERS], channels = rounded[number + 1][filters]
            if "expansion" not in KINDS[stage.block[block]]:
                fixed[first + _EXPANSION] = 0
            if stage.depth[depth] == 1 and (before != channels or stage.stride[stride] != 1):
                fixed[first + _SKIP] = 0
        fixed[-1] = rounded[-1][point[-1]][0]
        return tuple(fixed)

    @cached_property
    def _rounded(self) -> tuple[tuple[tuple[tuple[int, int], ...], ...], ...]:
        """By width, then for stem, stages and head: (first equal choice, channels) of each of `filters`."""
        choices = (self.stem.filters, *(stage.filters for stage in self.stages), self.head.filters)
        return tuple(
            tuple(_first_equal([self._channels(filters, width) for filters in part]) for part in choices)
            for width in self.widths
        )

    def _channels(self, filters: int, width: float) -> int:
        return scaled(filters, width, self.divisor) if filters else 0

    def network(self, point: Point) -> Network:
        """The network of a point, named after the space and the point."""
        return Network(
            name=self.network_name(point),
            resolution=self.resolutions[point[0]],
            channels=self.channels[point[1]],
            blocks=self.blocks(point),
        )

    def network_name(self, point: Point) -> str:
        """The space, the input and ten hexadecimal digits for the rest: `tiny-r48-gray-3f09ab12cd`.

        The digits stand for the blocks and for how they run, so that a network keeps its name when the
        space is edited.
        """
        color = "gray" if self.channels[point[1]] == 1 else "rgb"
        text = f"{self.execution[point[3]]} {self.blocks(self.canonical(point))}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:10]
        return f"{self.name}-r{self.resolutions[point[0]]}-{color}-{digest}"

    def family_of(self, point: Point) -> str:
        """The space's name."""
        return self.name

    def blocks(self, point: Point) -> tuple[Block, ...]:
        """The blocks of a point, the classifier last."""
        return tuple([block for part in self.parts(point) for block in part])

    def parts(self, point: Point) -> Iterator[tuple[Block, ...]]:
        """The blocks of a point by stem, stages and head; of equal parts the very same tuple.

        One after the other, since who looks for a reason to refuse a point seldom needs them all.
        """
        width, known = point[2], self._known
        for number, (first, end) in enumerate(self._spans):
            key = (width, number, *point[first:end])
            part = known.get(key)
            if part is None:
                if len(known) >= MOST_KEPT:
                    known.clear()
                part = known[key] = self._part(number, point[first:end], self.widths[width])
            yield part

    @cached_property
    def _spans(self) -> tuple[tuple[int, int], ...]:
        """Where the knobs of stem, stages and head begin and end in a point."""
        ends = [FIRST_STAGE_KNOB + number * len(STAGE_KNOBS) for number in range(len(self.stages) + 1)]
        return tuple(zip((4, *ends), (*ends, ends[-1] + 1), strict=True))

    @cached_property
    def _known(self) -> dict[tuple[int, ...], tuple[Block, ...]]:
        """Parts that were asked for, by width, number and choices; bounded by `MOST_KEPT`."""
        return {}

    def _part(self, number: int, choice: Point, width: float) -> tuple[Block, ...]:
        if 0 < number <= len(self.stages):
            return _stage_blocks(self.stages[number - 1], choice, width, self.divisor)
        if number:
            filters = self._channels(self.head.filters[choice[0]], width)
            last = (StandardConv(filters=filters, kernel=1),) if filters else ()
            return (*last, ClassifierHead(classes=self.classes))
        filters, kernel, stride = choice
        return (
            StandardConv(
                filters=scaled(self.stem.filters[filters], width, self.divisor),
                kernel=self.stem.kernel[kernel],
                stride=self.stem.stride[stride],
            ),
        )

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the fields, without what was derived from them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def _first_equal(values: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """(the place of the first equal value, the value) of each."""
    return tuple((values.index(value), value) for value in values)


STAGE_KNOBS = ("block", "depth", "filters", "kernel", "expansion", "stride", "skip")
"""The knobs of a stage in the order in which a point holds them."""

FIRST_STAGE_KNOB = 7
"""Where the first stage's knobs begin in a point."""

_FILTERS, _EXPANSION, _SKIP = (STAGE_KNOBS.index(name) for name in ("filters", "expansion", "skip"))


def _stage_blocks(stage: Stage, choice: Point, width: float, divisor: int) -> tuple[Block, ...]:
    # Any: the knobs of a stage are names, numbers and switches
    chosen: dict[str, Any] = {
        knob: getattr(stage, knob)[index] for knob, index in zip(STAGE_KNOBS, choice, strict=True)
    }
    chosen["filters"] = scaled(chosen["filters"], width, divisor)
    make = BLOCKS[chosen["block"]]
    knobs = {knob: chosen[knob] for knob in KINDS[chosen["block"]]}
    later = (make(**{**knobs, "stride": 1}),) * (chosen["depth"] - 1)
    return (make(**knobs), *later) if chosen["depth"] else ()
