"""Candidates, what each costs, and which of them are worth training.

Nothing is trained here. Among networks of one family that fit a budget, those with more MACs
tend to be more accurate (Lin et al. 2020, MCUNet, section 3.1, use this to choose a search
space), so MACs, and parameters beside them, stand for capacity until accuracy is known.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wakeling.cost import Budget, CostReport, Violation, cost, violations
from wakeling.search.space import Point, Space, Value, values_of
from wakeling.spec import Network, lower


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One point of a space, as a network with a name."""

    space: Space
    point: Point

    @property
    def name(self) -> str:
        """A short unique name, for example `mobilenet_v1-a0.25-r96-rgb-d1`."""
        return self.space.network_name(self.point)

    @property
    def family(self) -> str:
        """The family that the network is of, or the space that it is from."""
        return self.space.family_of(self.point)

    @property
    def knobs(self) -> dict[str, Value]:
        """The point in words, without what the space leaves no choice of."""
        free = {parameter.name for parameter in self.space.parameters if len(parameter.choices) > 1}
        return {
            name: value
            for name, value in values_of(self.space, self.point).items()
            if name in free or name in _SHOWN
        }

    @property
    def resolution(self) -> int:
        """The side of the input image in pixels."""
        return int(values_of(self.space, self.point)["resolution"])

    @property
    def channels(self) -> int:
        """1 (gray) or 3 (RGB)."""
        return int(values_of(self.space, self.point)["channels"])

    def network(self) -> Network:
        """The network; raises SpecError for knobs that its blocks do not take."""
        return self.space.network(self.point)


_SHOWN = ("alpha", "resolution", "channels", "depth")
"""Knobs that are said even where the space leaves no choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostedCandidate:
    """A candidate, its cost and each budget that it breaks (none: it fits)."""

    candidate: Candidate
    report: CostReport
    violations: tuple[Violation, ...]

    @property
    def fits(self) -> bool:
        """Whether every budget is kept."""
        return not self.violations

    @property
    def ram_bytes(self) -> int:
        """RAM for activations in the given order (`liveness`)."""
        return self.report.ram_bytes["liveness"]


def enumerate_candidates(space: Space) -> tuple[Candidate, ...]:
    """Every point of the space, in a fixed order; for spaces as small as a grid."""
    places = (range(len(parameter.choices)) for parameter in space.parameters)
    return tuple(Candidate(space=space, point=point) for point in itertools.product(*places))


def cost_all(
    candidates: Iterable[Candidate],
    budget: Budget,
    on_candidate: Callable[[], None] = lambda: None,
) -> tuple[CostedCandidate, ...]:
    """The cost of every candidate and whether it keeps the budget; trains nothing.

    Two candidates can lower to one graph (a small α rounds to the same channels, a small depth to
    the same repeats); only the first of them is kept.
    """
    seen: set[Any] = set()
    costed = []
    for candidate in candidates:
        graph = lower(candidate.network())
        on_candidate()
        structure = (graph.input_shape, tuple((node.op, node.inputs) for node in graph.nodes))
        if structure in seen:
            continue
        seen.add(structure)
        report = cost(graph, runtimes=(budget.runtime,))
        costed.append(
            CostedCandidate(candidate=candidate, report=report, violations=tuple(violations(report, budget)))
        )
    return tuple(costed)


def dominates(left: CostedCandidate, right: CostedCandidate) -> bool:
    """Whether `left` offers at least the MACs of `right` at no more RAM and flash, and differs."""
    one = (-left.report.macs, left.ram_bytes, left.report.flash_bytes)
    other = (-right.report.macs, right.ram_bytes, right.report.flash_bytes)
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def pareto_by_cost(costed: Sequence[CostedCandidate]) -> tuple[CostedCandidate, ...]:
    """Of the candidates that fit, those of each family that no other of that family dominates.

    Families are kept apart because a MAC of one is not worth a MAC of another.
    """
    fitting = [item for item in costed if item.fits]
    return tuple(
        item
        for item in fitting
        if not any(
            other.candidate.family == item.candidate.family and dominates(other, item) for other in fitting
        )
    )


def _capacity(item: CostedCandidate) -> int:
    return item.report.macs * item.report.deployed_parameters


def shortlist(costed: Sequence[CostedCandidate], count: int) -> tuple[CostedCandidate, ...]:
    """The `count` most promising candidates, spread over families and resolutions.

    Of each family at each resolution the one with the most capacity (MACs × parameters) comes
    first. What a budget of MACs allows lies between large images seen by few filters and small
    ones seen by many; where on that line accuracy peaks is for training to say, so every
    resolution gets a turn, from the middle outward, before any gets a second.
    """
    resolutions = sorted({item.candidate.resolution for item in costed})
    middle = resolutions[len(resolutions) // 2] if resolutions else 0
    groups: dict[tuple[int, int, str], list[CostedCandidate]] = {}
    for item in sorted(costed, key=lambda item: (-_capacity(item), item.candidate.name)):
        resolution = item.candidate.resolution
        key = (abs(resolution - middle), -resolution, item.candidate.family)
        groups.setdefault(key, []).append(item)
    queues = [groups[key] for key in sorted(groups)]
    chosen: list[CostedCandidate] = []
    for turn in itertools.zip_longest(*queues):
        chosen.extend(item for item in turn if item is not None)
    return tuple(chosen[:count])


def closest(costed: Sequence[CostedCandidate]) -> CostedCandidate:
    """Where nothing fits: the candidate whose worst violation is relatively smallest."""
    return min(
        costed,
        key=lambda item: max((v.needed / max(v.limit, 1) for v in item.violations), default=0.0),
    )
