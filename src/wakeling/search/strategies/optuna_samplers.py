"""Optuna's samplers as proposers: TPE, NSGA-II, NSGA-III.

The sampler is told the networks that were really trained. What it draws is repaired by the domain
before it is trained: rejecting it afterwards would bias the sampler (optuna issue 2969). Each ask
makes a fresh study of what was told and a sampler with the trial's own seed, so nothing is kept.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from wakeling.errors import MissingDependencyError
from wakeling.search.front import goodness
from wakeling.search.strategies.aging_evolution import population_size
from wakeling.search.strategies.moves import near
from wakeling.search.strategies.past import Chooser, Past, generator
from wakeling.search.strategies.random_search import propose_at_random
from wakeling.search.strategies.stateless import StatelessStrategy
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Trial

if TYPE_CHECKING:
    import optuna

Space = dict[str, "optuna.distributions.BaseDistribution"]
"""A distribution for each parameter that can move, by its place in the point."""

MakeSampler = Callable[[int, int], "optuna.samplers.BaseSampler"]
"""(seed, population size) -> sampler."""


def tpe(task: Task) -> Strategy:
    """Tree-structured Parzen estimator (Bergstra et al. 2011): density of the good over that of the rest."""
    return StatelessStrategy(task, propose_by_tpe, task.trainings)


def nsga2(task: Task) -> Strategy:
    """NSGA-II (Deb et al. 2002): generations, non-dominated sorting, crowding distance."""
    return StatelessStrategy(task, _proposer("nsga2", _make_nsga2), task.trainings)


def nsga3(task: Task) -> Strategy:
    """NSGA-III (Deb & Jain 2014): as NSGA-II with reference directions, for three objectives and more."""
    return StatelessStrategy(task, _proposer("nsga3", _make_nsga3), task.trainings)


def propose_by_tpe(past: Past, number: int) -> Trial | None:
    """A draw of TPE; a sample of the domain while there are too few results."""
    return _proposer("tpe", _make_tpe)(past, number)


def _make_tpe(seed: int, population: int) -> optuna.samplers.BaseSampler:
    import optuna

    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=0)


def _make_nsga2(seed: int, population: int) -> optuna.samplers.BaseSampler:
    import optuna

    return optuna.samplers.NSGAIISampler(seed=seed, population_size=population)


def _make_nsga3(seed: int, population: int) -> optuna.samplers.BaseSampler:
    import optuna

    return optuna.samplers.NSGAIIISampler(seed=seed, population_size=population)


def _proposer(how: str, make: MakeSampler) -> Chooser:
    """A chooser that asks the sampler; its start is a random population of feasible networks."""

    def propose(past: Past, number: int) -> Trial | None:
        population = population_size(past.task.trainings)
        if len(past.sound) < population:
            return propose_at_random(past, number)
        random = generator(past.task, number)
        with _quiet_optuna():
            drawn = _draw(past, make(int(random.integers(2**32)), population), population)
        point = near(past, drawn, random)
        if point is None:
            return propose_at_random(past, number)
        return Trial(number=number, point=point, rung=past.task.last_rung, how=how)

    return propose


def _draw(past: Past, sampler: optuna.samplers.BaseSampler, population: int) -> tuple[int, ...]:
    """What the sampler wants next, knowing the told trials and the running ones; feasible or not."""
    import optuna

    task = past.task
    space: Space = {
        str(place): optuna.distributions.IntDistribution(0, len(parameter.choices) - 1)
        if parameter.is_ordered
        else optuna.distributions.CategoricalDistribution(range(len(parameter.choices)))
        for place, parameter in enumerate(task.domain.space.parameters)
        if len(parameter.choices) > 1
    }
    maximize, minimize = optuna.study.StudyDirection.MAXIMIZE, optuna.study.StudyDirection.MINIMIZE
    study = optuna.create_study(
        sampler=sampler, directions=[maximize, *(minimize for _ in task.objectives[1:])]
    )
    for order, (trial, outcome) in enumerate(past.sound):
        generation = order // population
        study.add_trial(
            optuna.trial.create_trial(
                params=_params(trial, space),
                distributions=space,
                values=_values(task, trial, outcome.score),
                system_attrs=_generation(sampler, generation),
            )
        )
    for trial in past.running:
        study.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.RUNNING, params=_params(trial, space), distributions=space
            )
        )
    params = study.ask(space).params
    return tuple(int(params.get(str(place), 0)) for place in range(len(task.domain.space.parameters)))


def _params(trial: Trial, space: Space) -> dict[str, int]:
    return {name: trial.point[int(name)] for name in space}


def _values(task: Task, trial: Trial, score: float) -> list[float]:
    """The objectives as Optuna wants them: the score, then the costs."""
    first, *others = goodness(score, task.domain.costs(trial.point), task.objectives)
    return [first, *(-cost for cost in others)]


def _generation(sampler: optuna.samplers.BaseSampler, generation: int) -> dict[str, int]:
    """The note that a genetic sampler leaves on its trials; without it they would be nobody's parents.

    Optuna has no public name for it (`BaseGASampler._get_generation_key`, 4.3 to 5.0).
    """
    key = getattr(sampler, "_get_generation_key", None)
    return {} if key is None else {key(): generation}


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Without a line for each study, and without the warning that NSGA-III is experimental."""
    try:
        import optuna
    except ImportError:
        raise MissingDependencyError("optuna", "search") from None
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        logger.setLevel(level)
