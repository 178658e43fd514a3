"""What every search strategy must keep to; run it on each new one.

    from wakeling.testing.search_contract import check_strategy

    check_strategy(random_search)

Each check raises AssertionError with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wakeling.errors import WakelingError
from wakeling.search.domain import Costs, Domain, ListedDomain
from wakeling.search.space import Parameter, Point
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Outcome, Rung, Trial
from wakeling.spec import Network

Factory = Callable[[Task], Strategy]
Told = tuple[Trial, Outcome]

RUNGS = (Rung(epochs=1, resolution_share=0.5), Rung(epochs=3), Rung(epochs=9))
LIMIT_MACS = 4000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallSpace:
    """A space without networks: numbers, a name, a switch, and a knob that one choice turns off."""

    name: str = "contract"
    parameters: tuple[Parameter, ...] = (
        Parameter(name="resolution", choices=(32, 48, 64, 96)),
        Parameter(name="fixed", choices=(3,)),
        Parameter(name="width", choices=(0.5, 1.0, 1.5, 2.0)),
        Parameter(name="block", choices=("plain", "separable", "residual")),
        Parameter(name="depth", choices=(0, 1, 2)),
        Parameter(name="kernel", choices=(3, 5)),
    )

    def canonical(self, point: Point) -> Point:
        """Depth 0 has no kernel; what comes after the kernel changes nothing."""
        return (*point[:5], 0 if point[4] == 0 else point[5], *(0 for _ in point[6:]))

    def network(self, point: Point) -> Network:
        """None: strategies never look at networks."""
        raise WakelingError("a strategy must not build networks")

    def network_name(self, point: Point) -> str:
        """The canonical point."""
        return f"{self.name}-{'-'.join(map(str, self.canonical(point)))}"

    def family_of(self, point: Point) -> str:
        """The space itself."""
        return self.name


def costs_of(point: Point) -> Costs:
    """Made-up costs that grow with every knob."""
    resolution, _, width, block, depth, kernel = point[:6]
    macs = (resolution + 2) ** 2 * (width + 1) * (10 + 4 * block) * (1 + depth) * (1 + kernel / 2)
    return {"macs": float(macs), "ram_bytes": float((resolution + 2) ** 2 * (width + 1) * 100)}


def score_of(trial: Trial) -> float:
    """A rugged landscape: main effects, a conflict of two knobs, ripples; less on short rungs."""
    resolution, _, width, block, depth, kernel = trial.point[:6]
    effects = 0.05 * resolution + 0.04 * width + (0.0, 0.06, 0.03)[block] + 0.03 * depth
    conflict = 0.02 * kernel * width
    ripple = 0.02 * math.sin(7.0 * resolution + 3.0 * width + 5.0 * block + 11.0 * depth + 2.0 * kernel)
    return round(0.5 + effects - conflict + ripple - 0.03 * (2 - trial.rung), 9)


def feasible_points() -> dict[Point, Costs]:
    """The points inside the limit on MACs, with their costs."""
    space = SmallSpace()
    shape = [len(parameter.choices) for parameter in space.parameters]
    points = {space.canonical(tuple(int(index) for index in point)) for point in np.ndindex(*shape)}
    costs = {point: costs_of(point) for point in sorted(points)}
    return {point: cost for point, cost in costs.items() if cost["macs"] <= LIMIT_MACS}


class WideDomain:
    """The same points in a space with a dozen idle knobs: too large to list, so sampled and repaired."""

    def __init__(self, listed: Domain) -> None:
        idle = (Parameter(name=f"idle{number}", choices=(1, 2, 3, 4)) for number in range(12))
        self._listed = listed
        self._kept = len(listed.space.parameters)
        self.space = SmallSpace(name="contract-wide", parameters=(*listed.space.parameters, *idle))

    def costs(self, point: Point) -> Costs:
        """Those of the listed point."""
        return self._listed.costs(point[: self._kept])

    def is_feasible(self, point: Point) -> bool:
        """Whether the listed point is."""
        return self._listed.is_feasible(point[: self._kept])

    def sample(self, random: np.random.Generator) -> Point:
        """A listed point at random."""
        return self._widened(self._listed.sample(random))

    def repair(self, point: Point, random: np.random.Generator) -> Point:
        """The nearest listed point."""
        return self._widened(self._listed.repair(point[: self._kept], random))

    def points(self) -> Iterator[Point]:
        """Refused: whoever lists a space like this waits for hours."""
        raise AssertionError("the strategy lists a space of a billion points")

    def _widened(self, point: Point) -> Point:
        return (*point, *(0 for _ in self.space.parameters[self._kept :]))


def task_of(*, seed: int = 1, trainings: int = 7, rungs: tuple[Rung, ...] = RUNGS) -> Task:
    """The task of most checks."""
    return Task(
        domain=ListedDomain(SmallSpace(), feasible_points()), rungs=rungs, trainings=trainings, seed=seed
    )


def run(strategy: Strategy, told: Sequence[Told] = (), *, most: int = 2000) -> list[Told]:
    """All trials of a strategy with one worker, after telling it what is known."""
    done = list(told)
    for trial, outcome in done:
        strategy.tell(trial, outcome)
    while (asked := strategy.ask(len(done))) is not None:
        trial = asked
        assert strategy.ask(len(done)) == trial, "asked twice, it gives two trials"
        assert trial.number == len(done), f"asked for trial {len(done)}, got {trial.number}"
        done.append((trial, Outcome(score=score_of(trial))))
        strategy.tell(*done[-1])
        assert len(done) < most, f"no end after {most} trials"
    return done


def check_strategy(factory: Factory, *, is_random: bool = True) -> None:
    """Every check on one factory of strategies; `is_random`: another seed must give another run."""
    for task in (task_of(), task_of(rungs=RUNGS[-1:]), multi_objective_task(), wide_task(), uneven_task()):
        whole = run(factory(task))
        check_run(task, factory, whole)
        check_resumes(task, factory, whole)
    check_seeds(factory, is_random=is_random)
    check_parallel(factory)
    check_failures(factory)
    check_exhaustion(factory)
    check_one_training(factory)


def multi_objective_task() -> Task:
    """The front of score, MACs and RAM."""
    return replace(task_of(trainings=6), objectives=("score", "macs", "ram_bytes"))


def uneven_task() -> Task:
    """Networks with many MACs train up to three times as long as those with few."""
    task = task_of(trainings=6)
    macs = [task.domain.costs(point)["macs"] for point in task.domain.points()]
    typical = sorted(macs)[len(macs) // 2]
    return replace(task, effort=lambda costs: 0.5 + min(1.0, 0.5 * costs["macs"] / typical))


def wide_task() -> Task:
    """A domain too large to list."""
    task = task_of(trainings=5)
    return replace(task, domain=WideDomain(task.domain))


def check_run(task: Task, factory: Factory, whole: list[Told]) -> None:
    """The trials of a whole run are sound; its end, its total and its best are right."""
    assert whole, "the strategy made no trial"
    check_trials(task, [trial for trial, _ in whole])
    strategy = factory(task)
    expected = strategy.total
    assert expected >= 1, f"total is {expected}"
    assert not strategy.is_over, "over before it began"
    try:
        strategy.best()
    except WakelingError:
        pass
    else:
        raise AssertionError("best() names a trial before anything was told")
    for trial, outcome in whole:
        if trial.number % 4 == 0 or trial.number == len(whole) - 1:
            assert not strategy.is_over, f"over before trial {trial.number}, which it asked for"
        strategy.tell(trial, outcome)
        so_far = whole[: trial.number + 1]
        longest = max(told.rung for told, _ in so_far)
        top = max(result.score for told, result in so_far if told.rung == longest)
        best = strategy.best()
        assert best.rung == longest, "best() is not of the longest rung told"
        assert score_of(best) == top, "best() is not the best"
    assert strategy.is_over, "it asks for nothing more but is not over"
    if len(task.rungs) == 1:
        assert expected == len(whole), f"total is {expected}, but there were {len(whole)} trials"
    assert any(trial.rung == task.last_rung for trial, _ in whole), "no network was trained fully"


def check_trials(task: Task, trials: Sequence[Trial]) -> None:
    """Feasible, canonical, inside the work, none twice, parents that exist and are older."""
    work = 0.0
    seen: set[tuple[Point, int]] = set()
    points: dict[int, Point] = {}
    for trial in trials:
        assert task.domain.is_feasible(trial.point), f"trial {trial.number} is infeasible: {trial.point}"
        assert task.domain.space.canonical(trial.point) == trial.point, f"{trial.point} is not canonical"
        assert 0 <= trial.rung <= task.last_rung, f"rung {trial.rung} of {len(task.rungs)}"
        assert all(type(index) is int for index in trial.point), "a point holds plain integers"
        assert (trial.point, trial.rung) not in seen, f"{trial.point} trained twice on rung {trial.rung}"
        seen.add((trial.point, trial.rung))
        for parent in trial.parents:
            assert parent in points, f"trial {trial.number} has an unknown parent {parent}"
        if trial.how == "promoted":
            assert [points[parent] for parent in trial.parents] == [trial.point], "promoted another network"
        elif trial.point in points.values():
            raise AssertionError(f"{trial.point} was trained before; say that it is promoted")
        points[trial.number] = trial.point
        work += task.work_of(trial)
    allowed = task.whole_work
    assert work <= allowed + 1e-6, f"work of {work} epochs; the task allows {allowed}"


def check_resumes(task: Task, factory: Factory, whole: list[Told]) -> None:
    """Stopped after any trial and told its past in another order, a fresh strategy goes on alike.

    Stopped after none, this is that the same seed gives the same run.
    """
    for stop in range(len(whole)):
        fresh = factory(task)
        for trial, outcome in reversed(whole[:stop]):
            fresh.tell(trial, outcome)
        assert fresh.ask(stop) == whole[stop][0], f"resumed after {stop} trials, the run differs"
    middle = 2 * len(whole) // 3
    assert run(factory(task), whole[:middle]) == whole, f"resumed after {middle} trials, the run differs"


def check_seeds(factory: Factory, *, is_random: bool) -> None:
    """Another seed is another run, if there is any chance in it."""
    runs = {
        tuple(trial.point for trial, _ in run(factory(task_of(seed=seed, trainings=4)))) for seed in range(4)
    }
    assert (len(runs) > 1) == is_random, f"4 seeds gave {len(runs)} runs"


def check_parallel(factory: Factory, *, workers: int = 3) -> None:
    """Three trials at a time, told in any order: no network twice, the work kept, an end."""
    task = task_of(seed=3)
    strategy = factory(task)
    order = np.random.default_rng(8)
    running: list[Trial] = []
    asked: list[Trial] = []
    while True:
        assert len(asked) < 2000, "no end after 2000 trials"
        while len(running) < workers:
            trial = strategy.ask(len(asked), tuple(running))
            if trial is None:
                break
            running.append(trial)
            asked.append(trial)
        if not running:
            break
        finished = running.pop(int(order.integers(len(running))))
        strategy.tell(finished, Outcome(score=score_of(finished)))
    check_trials(task, asked)
    assert strategy.is_over, "three workers found nothing more to do, but it is not over"
    assert strategy.best() in asked, "best() names a trial that nobody asked for"


def check_failures(factory: Factory) -> None:
    """Trials that fail cost their work and nothing else; the best is one that did not."""
    task = task_of(seed=5)
    strategy = factory(task)
    trials: list[Trial] = []
    while (trial := strategy.ask(len(trials))) is not None:
        trials.append(trial)
        failed = len(trials) % 3 == 1
        strategy.tell(
            trial, Outcome(score=0.0, error="diverged") if failed else Outcome(score=score_of(trial))
        )
        assert len(trials) < 2000, "no end after 2000 trials"
    check_trials(task, trials)
    assert (strategy.best().number + 1) % 3 != 1, "the best trial is one that failed"
    hopeless = factory(task)
    for number in range(5):
        asked = hopeless.ask(number)
        assert asked is not None, "gave up because trainings failed"
        hopeless.tell(asked, Outcome(score=0.0, error="out of memory"))
    hopeless.best()


def check_exhaustion(factory: Factory) -> None:
    """Fewer networks than trainings: each is trained once, fully, and the search ends."""
    few = dict(list(feasible_points().items())[::9])
    for rungs in (RUNGS, RUNGS[-1:]):
        domain = ListedDomain(SmallSpace(), few)
        task = Task(domain=domain, rungs=rungs, trainings=3 * len(few), seed=2)
        trials = [trial for trial, _ in run(factory(task))]
        check_trials(task, trials)
        full = {trial.point for trial in trials if trial.rung == task.last_rung}
        assert full == set(few), f"{len(few)} networks and work enough, but {len(full)} were trained fully"


def check_one_training(factory: Factory) -> None:
    """The smallest of all tasks still ends with a full training."""
    task = task_of(trainings=1)
    trials = [trial for trial, _ in run(factory(task))]
    check_trials(task, trials)
    assert any(trial.rung == task.last_rung for trial in trials), "one training of work, none was full"
