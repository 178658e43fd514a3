"""Which part of a space to search: of its widths and resolutions the pair that limits suit best.

As TinyNAS does it (Lin et al. 2020, MCUNet, arXiv:2007.10319, section 3.1): networks are sampled from
every pair, and the pair whose feasible ones have the most MACs is kept. Nothing is trained.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from wakeling.errors import DoesNotFitError, WakelingError
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.space import Point, StagedSpace

NETWORKS = 100
"""Feasible networks that are sampled of each pair."""

DRAWS_PER_NETWORK = 10
"""Draws that a pair gets for each of them; where fewer than one in so many fits, it has fewer."""

LEAST_SHARE = 0.02
"""Of a pair's draws that must fit for it to be chosen: a search of few networks finds little."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""Of the MACs that are reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubSpace:
    """One width at one resolution: `drawn` samples, and the MACs of those that fit, in growing order."""

    width: float
    resolution: int
    drawn: int
    macs: tuple[int, ...]

    @property
    def share(self) -> float:
        """Feasible ones of the drawn."""
        return len(self.macs) / self.drawn

    @property
    def mean_macs(self) -> float:
        """Of the feasible ones; 0 where none was."""
        return sum(self.macs) / len(self.macs) if self.macs else 0.0

    def quantile(self, share: float) -> int:
        """MACs that this share of the feasible networks has at most; 0 where none was."""
        return self.macs[min(int(share * len(self.macs)), len(self.macs) - 1)] if self.macs else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceChoice:
    """Every pair of width and resolution, in the space's order, and the one to search."""

    space: str
    sub_spaces: tuple[SubSpace, ...]
    chosen: SubSpace
    seed: int

    @property
    def share(self) -> float:
        """Feasible points of the whole space: the mean of its pairs, which are equally many each."""
        return sum(sub_space.share for sub_space in self.sub_spaces) / len(self.sub_spaces)


def choose_space(
    domain: BudgetDomain,
    *,
    networks: int = NETWORKS,
    seed: int = 1,
    progress: Callable[[], None] = lambda: None,
) -> SpaceChoice:
    """The pair whose feasible networks have the most MACs on average, among those where enough fit.

    A network with more MACs that still fits is likelier to be accurate; so is a space of them. Each
    pair gets draws until `networks` of them fit or `DRAWS_PER_NETWORK` times as many are drawn;
    `progress` is called behind each. Raises DoesNotFitError where no draw of any pair fits.
    """
    space = domain.space
    if not isinstance(space, StagedSpace):
        raise WakelingError(f"the space {space.name} has no stages, so that there is nothing to choose")
    if networks < 1:
        raise WakelingError(f"{networks} networks of each width and resolution say nothing; give at least 1")
    found = []
    pairs = itertools.product(range(len(space.widths)), range(len(space.resolutions)))
    for number, (width, resolution) in enumerate(pairs):
        random = np.random.default_rng((seed, number))
        found.append(_sampled(domain, space, width, resolution, networks, random))
        progress()
    fitting = [sub_space for sub_space in found if sub_space.macs]
    if not fitting:
        domain.sample(np.random.default_rng(seed))  # says what the closest network lacks
        raise DoesNotFitError(
            f"hardly any network of the space {space.name} fits: none of {sum(s.drawn for s in found)} drawn"
        )
    roomy = [sub_space for sub_space in fitting if sub_space.share >= LEAST_SHARE] or fitting
    chosen = max(roomy, key=lambda sub_space: sub_space.mean_macs)
    return SpaceChoice(space=space.name, sub_spaces=tuple(found), chosen=chosen, seed=seed)


def _sampled(
    domain: BudgetDomain,
    space: StagedSpace,
    width: int,
    resolution: int,
    networks: int,
    random: np.random.Generator,
) -> SubSpace:
    drawn, macs = 0, []
    for draw in itertools.islice(domain.draws(random), networks * DRAWS_PER_NETWORK):
        point: Point = (resolution, draw[1], width, *draw[3:])
        drawn += 1
        if domain.is_feasible(point):
            macs.append(int(domain.costs(point)["macs"]))
            if len(macs) == networks:
                break
    return SubSpace(
        width=space.widths[width],
        resolution=space.resolutions[resolution],
        drawn=drawn,
        macs=tuple(sorted(macs)),
    )


def narrowed(space: StagedSpace, sub_space: SubSpace) -> StagedSpace:
    """The space with only this width and resolution; all else stays free."""
    return dataclasses.replace(
        space,
        name=f"{space.name}-w{sub_space.width:g}-r{sub_space.resolution}",
        widths=(sub_space.width,),
        resolutions=(sub_space.resolution,),
    )


def choice_to_json(choice: SpaceChoice) -> dict[str, Any]:
    """Plain JSON values: shares and quantiles, not every network's MACs."""
    return {
        "space": choice.space,
        "seed": choice.seed,
        "feasible_share": choice.share,
        "chosen": {"width": choice.chosen.width, "resolution": choice.chosen.resolution},
        "sub_spaces": [
            {
                "width": sub_space.width,
                "resolution": sub_space.resolution,
                "drawn": sub_space.drawn,
                "feasible": len(sub_space.macs),
                "feasible_share": sub_space.share,
                "mean_macs": sub_space.mean_macs,
                "macs_quantiles": {f"{share:g}": sub_space.quantile(share) for share in QUANTILES},
            }
            for sub_space in choice.sub_spaces
        ],
    }
