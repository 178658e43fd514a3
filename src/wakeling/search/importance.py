"""Which knobs of a space mattered: PED-ANOVA over the trials, beside what shuffled scores would give.

The estimator is Optuna's, imported when first used; which trials can be compared is decided here.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wakeling.errors import MissingDependencyError
from wakeling.search.space import Point, Space
from wakeling.search.trial import TrialRecord

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

FEWEST_NETWORKS = 20
"""Networks below which nothing is said: the best quarter should hold at least five of them."""

ENOUGH_APART = 40
"""Networks drawn apart from each other from which those alone are compared, without the bred ones."""

DRAWN_APART = frozenset({"sampled", "listed"})
"""How trials are made that owe nothing to the scores before them."""

BEST_SHARE = 0.25
"""The networks that the knobs are asked about: those among the best quarter."""

SHUFFLES = 40
"""How often the scores are shuffled for the level that luck reaches."""

_LUCK = 0.95
"""Share of the shuffles whose importance stays at or below the level of luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Importance:
    """How much each knob had to do with being among the best quarter.

    `shares` (they add up to 1, the largest first) and `luck` (what 19 of 20 shuffles of the scores
    stay below, on the same scale) hold every knob that took at least two values. The networks of
    `trials` were compared, all trained as `rung` says. Where they were not `drawn_apart`, as bred and
    predicted ones are not, `luck` is too low. `note` says why `shares` is empty where it is.
    """

    shares: Mapping[str, float]
    luck: Mapping[str, float]
    trials: tuple[int, ...]
    rung: int
    drawn_apart: bool = True
    note: str = ""


def comparable(records: Sequence[TrialRecord]) -> tuple[int, tuple[TrialRecord, ...]]:
    """The rung that most networks were trained on, and one record of each network there.

    Scores of different rungs cannot be compared: more training scores more. Of two trainings of one
    network the first counts. No records give rung 0 and nothing.
    """
    rungs: dict[int, dict[Point, TrialRecord]] = {}
    for record in records:
        if not record.outcome.error:
            rungs.setdefault(record.trial.rung, {}).setdefault(record.trial.point, record)
    rung = max(sorted(rungs), key=lambda number: len(rungs[number]), default=0)
    return rung, tuple(rungs.get(rung, {}).values())


def unused(space: Space, point: Point) -> frozenset[int]:
    """The places of the parameters that the point's network does not use, as `canonical` tells them."""
    point = space.canonical(point)
    return frozenset(
        place
        for place, parameter in enumerate(space.parameters)
        if len(parameter.choices) > 1
        and all(
            space.canonical((*point[:place], index, *point[place + 1 :])) == point
            for index in range(len(parameter.choices))
        )
    )


def importance(
    records: Sequence[TrialRecord], space: Space, *, seed: int = 0, shuffles: int = SHUFFLES
) -> Importance:
    """How much each knob of `space` decided whether a network is among the best quarter of `records`.

    PED-ANOVA (Watanabe, Bansal and Hutter 2023, arXiv:2304.10255): how unlike the choices of the
    best quarter are to the choices of all, as a Pearson divergence; in spaces where a knob may be
    unused, by its extension (arXiv:2601.20800). A knob without influence has some divergence too, by
    luck and the more of it the more choices it has, which is what `luck` measures. That holds for
    networks that were drawn apart; a search that breeds from good ones makes whatever they have look
    good. So bred ones are left out where at least `ENOUGH_APART` others are there.
    Raises MissingDependencyError without Optuna.
    """
    apart = tuple(record for record in records if record.trial.how in DRAWN_APART)
    rung, compared = comparable(apart)
    if len(compared) < ENOUGH_APART:
        rung, compared = comparable(records)
    drawn_apart = all(record.trial.how in DRAWN_APART for record in compared)
    numbers = tuple(record.trial.number for record in compared)
    scores = np.array([record.outcome.score for record in compared])
    note = ""
    if len(compared) < FEWEST_NETWORKS:
        note = f"too few to tell: {len(compared)} networks were trained alike, {FEWEST_NETWORKS} are needed"
    elif (scores == scores[0]).all():
        note = f"all {len(compared)} networks scored the same"
    if not note:
        shares, luck = _shares(compared, space, scores, np.random.default_rng(seed), shuffles)
        if shares:
            return Importance(shares=shares, luck=luck, trials=numbers, rung=rung, drawn_apart=drawn_apart)
        note = "no knob took two values"
    return Importance(shares={}, luck={}, trials=numbers, rung=rung, drawn_apart=drawn_apart, note=note)


def _shares(
    compared: Sequence[TrialRecord],
    space: Space,
    scores: np.ndarray,
    random: np.random.Generator,
    shuffles: int,
) -> tuple[dict[str, float], dict[str, float]]:
    measure = _ped_anova(_choices(compared, space))
    found = measure(scores)
    whole = sum(found.values())
    if whole <= 0:
        return {}, {}
    by_luck = [measure(random.permutation(scores)) for _ in range(shuffles)]
    largest_first = sorted(found, key=lambda name: (-found[name], name))
    return (
        {name: found[name] / whole for name in largest_first},
        {
            name: float(np.quantile([one[name] for one in by_luck], _LUCK, method="higher")) / whole
            if by_luck
            else 0.0
            for name in largest_first
        },
    )


def _choices(compared: Sequence[TrialRecord], space: Space) -> list[dict[str, tuple[int, int, bool]]]:
    """Of each network each used knob that varies: its choice, how many there are, whether in order."""
    points = [space.canonical(record.trial.point) for record in compared]
    idle = [unused(space, point) for point in points]
    used = [
        {place: index for place, index in enumerate(point) if place not in without}
        for point, without in zip(points, idle, strict=True)
    ]
    varied = {
        place
        for place in range(len(space.parameters))
        if len({point[place] for point in used if place in point}) > 1
    }
    return [
        {
            space.parameters[place].name: (
                index,
                len(space.parameters[place].choices),
                space.parameters[place].is_ordered,
            )
            for place, index in point.items()
            if place in varied
        }
        for point in used
    ]


def _ped_anova(
    networks: Sequence[Mapping[str, tuple[int, int, bool]]],
) -> Callable[[np.ndarray], dict[str, float]]:
    """From scores, one a network, to the divergence of each knob; by Optuna."""
    try:
        from optuna.distributions import CategoricalDistribution, IntDistribution
        from optuna.importance import PedAnovaImportanceEvaluator
        from optuna.trial import create_trial
    except ImportError as error:
        raise MissingDependencyError("Optuna", "search") from error

    def distribution(count: int, is_ordered: bool) -> BaseDistribution:
        if is_ordered:
            return IntDistribution(0, count - 1)
        return CategoricalDistribution(tuple(range(count)))

    study = _quiet_study()
    study.add_trials(
        [
            create_trial(
                params={name: index for name, (index, _, _) in network.items()},
                distributions={
                    name: distribution(count, is_ordered) for name, (_, count, is_ordered) in network.items()
                },
                value=0.0,
            )
            for network in networks
        ]
    )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE)

    def measure(scores: np.ndarray) -> dict[str, float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a target is minimized, and that few used a knob
            found = evaluator.evaluate(study, target=lambda trial: -float(scores[trial.number]))
        return {name: max(0.0, value) for name, value in found.items()}

    return measure


def _quiet_study() -> Study:
    """A study in memory, without the line that Optuna writes about it."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study()
    finally:
        optuna.logging.set_verbosity(before)
