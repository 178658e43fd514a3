"""What judges the networks of a search, and which strategy asks for them.

`training` trains each briefly. A training-free score or a supernet judges many for little; the best
of them then train in a final round.
"""

from __future__ import annotations

import dataclasses

from wakeling.pipeline.brief_training import BriefTraining
from wakeling.pipeline.pace import Pace
from wakeling.pipeline.plan import Plan, halving_trainings
from wakeling.pipeline.setting import Setting
from wakeling.pipeline.supernet_judge import SUPERNET, Workplace, shared_weights, supernet_judge
from wakeling.search import STRATEGIES
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.domain import Costs, Domain, ListedDomain
from wakeling.search.execution import Evaluate
from wakeling.search.strategies import DEFAULT_STRATEGY, StrategyFactory
from wakeling.search.strategies.exhaustive import propose_in_order
from wakeling.search.strategies.halving import successive_halving
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Rung, TrialRecord
from wakeling.train import Recipe

FINAL = "search"
"""The name of the round whose winner trains fully, and of its study."""

PRELIMINARY = "scores"
"""The name of the round of a cheap judge."""

HALVING = "successive-halving"
"""That of a grid, and of the final round after a cheap judge."""

CHEAP_STRATEGY = "evolution"
CHEAP_TRIALS = 600
"""Networks that a cheap judge sees."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """One round: who asks (`strategy`, made by `make`), for what (`task`), and who answers (`judge`)."""

    name: str
    title: str
    task: Task
    strategy: str
    make: StrategyFactory
    judge: str
    evaluate: Evaluate


def judging_of(setting: Setting, plan: Plan, place: Workplace) -> Judging:
    """The first round of the search; it is the only one where networks are trained briefly."""
    request = setting.request
    if request.evaluator == "training":
        domain = domain_of(setting, plan)
        task = _task(setting, domain, plan.rungs, plan.trainings, plan.pace)
        name = request.strategy or (DEFAULT_STRATEGY if plan.staged else HALVING)
        make = _halving_in_order if name == HALVING and plan.staged is None else STRATEGIES[name]
        title = f"Search: {name}, {{trials}} short trainings"
        return _training(setting, plan, task, name, make, title, place)
    task = _task(setting, domain_of(setting, plan), (Rung(epochs=1),), CHEAP_TRIALS)
    name = request.strategy or CHEAP_STRATEGY
    return Judging(
        name=PRELIMINARY,
        title=f"Search: {name}, {{trials}} networks judged by {request.evaluator}",
        task=task,
        strategy=name,
        make=STRATEGIES[name],
        judge=request.evaluator,
        evaluate=_cheap(setting, plan, place),
    )


def finals(
    setting: Setting,
    plan: Plan,
    records: tuple[TrialRecord, ...],
    place: Workplace,
) -> Judging:
    """The final round: as many of a cheap judge's best as successive halving can train."""
    count = 2
    epochs = tuple(rung.epochs for rung in plan.rungs)
    while halving_trainings(count + 1, epochs) <= plan.trainings:
        count += 1
    best: dict[tuple[int, ...], Costs] = {}
    for record in sorted(records, key=lambda record: (-record.outcome.score, record.trial.number)):
        if not record.outcome.error and len(best) < count:
            best.setdefault(record.trial.point, record.costs)
    domain = ListedDomain(setting.space, best)
    task = dataclasses.replace(
        _task(setting, domain, plan.rungs, halving_trainings(len(best), epochs)), objectives=("score",)
    )
    title = f"Search: the best {len(best)} train, {{trials}} short trainings"
    return _training(setting, plan, task, HALVING, _halving_in_order, title, place)


def domain_of(setting: Setting, plan: Plan) -> Domain:
    """What may be trained: the plan's finalists of a grid, or every network of the space that fits."""
    domain = BudgetDomain(setting.space, setting.budget)
    if plan.staged is not None:
        return domain
    points = [setting.candidate(finalist.candidate).candidate.point for finalist in plan.finalists]
    return ListedDomain(setting.space, {point: domain.costs(point) for point in points})


def _task(
    setting: Setting, domain: Domain, rungs: tuple[Rung, ...], trainings: int, pace: Pace | None = None
) -> Task:
    """The task; with a pace, networks that train slowly are more of its work."""
    request = setting.request
    return Task(
        domain=domain,
        rungs=rungs,
        trainings=trainings,
        seed=request.seed,
        objectives=request.objectives,
        effort=None if pace is None else pace.effort,
    )


def _halving_in_order(task: Task) -> Strategy:
    return successive_halving(task, propose_in_order)


def _training(
    setting: Setting,
    plan: Plan,
    task: Task,
    strategy: str,
    make: StrategyFactory,
    title: str,
    place: Workplace,
) -> Judging:
    recipe = dataclasses.replace(Recipe(), seed=setting.request.seed, threads=plan.threads)
    return Judging(
        name=FINAL,
        title=title,
        task=task,
        strategy=strategy,
        make=make,
        judge="training",
        evaluate=BriefTraining(
            space=task.domain.space,
            photos=setting.photos,
            cache=place.cache,
            recipe=recipe,
            rungs=plan.rungs,
            checkpoints=place.folder.checkpoints,
            initial_weights=shared_weights(setting, place),
            listener=place.listener,
        ),
    )


def _cheap(setting: Setting, plan: Plan, place: Workplace) -> Evaluate:
    """The judge that trains none of the networks; trains the supernet first, where that is the judge."""
    request = setting.request
    if request.evaluator == SUPERNET:
        return supernet_judge(setting, plan, place)
    from wakeling.training_free import draw_batch
    from wakeling.training_free.evaluator import TrainingFree

    space = domain_of(setting, plan).space
    sides = next(parameter.choices for parameter in space.parameters if parameter.name == "resolution")
    batch = draw_batch(
        setting.photos, resolution=int(max(sides)), channels=3, seed=request.seed, cache_dir=place.cache
    )
    return TrainingFree(space=space, score=request.evaluator, photos=batch, seed=request.seed)
