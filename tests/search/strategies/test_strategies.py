"""What each strategy does beyond the contract."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.search.strategies.landscape import best_scores, work_until
from wakeling.errors import WakelingError
from wakeling.search.domain import ListedDomain
from wakeling.search.front import non_dominated
from wakeling.search.strategies.aging_evolution import aging_evolution, population_size
from wakeling.search.strategies.exhaustive import grid, grid_points
from wakeling.search.strategies.guided import expected_improvement, first_rung, guided
from wakeling.search.strategies.halving import bracket_starts, hyperband, successive_halving
from wakeling.search.strategies.optuna_samplers import nsga2, nsga3, tpe
from wakeling.search.strategies.past import goods_of
from wakeling.search.strategies.random_search import random_search
from wakeling.search.strategies.registry import STRATEGIES
from wakeling.search.strategies.strategy import Strategy, Task
from wakeling.search.trial import Outcome, Rung, Trial
from wakeling.testing.search_contract import (
    RUNGS,
    SmallSpace,
    feasible_points,
    run,
    score_of,
    task_of,
    wide_task,
)

FULL = RUNGS[-1:]
SEEDS = range(11)


def _median_work(factory: object, **changes: object) -> float:
    goal = best_scores(3)
    tasks = (task_of(seed=seed, trainings=len(feasible_points()), rungs=FULL) for seed in SEEDS)
    return float(np.median([work_until(STRATEGIES[str(factory)], task, goal) for task in tasks]))


def test_grid_trains_the_whole_list_by_falling_macs() -> None:
    task = task_of(trainings=1000, rungs=FULL)
    points = [trial.point for trial, _ in run(grid(task))]
    assert set(points) == set(feasible_points())
    macs = [feasible_points()[point]["macs"] for point in points]
    assert macs == sorted(macs, reverse=True)


def test_grid_spreads_evenly_when_work_is_short() -> None:
    points = list(feasible_points())
    places = sorted(points.index(point) for point in grid_points(task_of(trainings=9)))
    gaps = {after - before for before, after in itertools.pairwise(places)}
    assert len(places) == 9
    assert max(gaps) - min(gaps) <= 1


def test_grid_of_a_wide_space_varies_every_knob() -> None:
    task = replace(wide_task(), trainings=12)
    points = grid_points(task)
    assert len(points) == 12
    for place in (0, 2, 3, 4):
        assert len({point[place] for point in points}) > 1


def test_random_search_is_uniform_over_the_feasible() -> None:
    domain = ListedDomain(SmallSpace(), dict(list(feasible_points().items())[:6]))
    first = [
        random_search(Task(domain=domain, rungs=FULL, trainings=1, seed=seed)).ask(0) for seed in range(600)
    ]
    counts = [sum(trial is not None and trial.point == point for trial in first) for point in domain.points()]
    assert sum(counts) == 600
    assert all(65 < count < 135 for count in counts)  # 100 ± 3.8 standard deviations


def test_children_are_one_move_from_a_living_parent() -> None:
    task = task_of(trainings=60, rungs=FULL)
    trials = [trial for trial, _ in run(aging_evolution(task))]
    size = population_size(60)
    assert all(not trial.parents for trial in trials[:size])
    mutations = [trial for trial in trials if trial.how == "mutation"]
    assert len(mutations) > 20
    for trial in mutations:
        assert trial.number - size <= trial.parents[0] < trial.number
    apart = [
        sum(one != other for one, other in zip(trial.point, trials[trial.parents[0]].point, strict=True))
        for trial in mutations
    ]
    assert np.median(apart) == 1


def test_parents_are_better_than_their_population() -> None:
    task = task_of(trainings=60, rungs=FULL)
    told = run(aging_evolution(task))
    size = population_size(60)
    ranks = [
        np.mean(
            [told[parent][1].score > outcome.score for _, outcome in told[trial.number - size : trial.number]]
        )
        for trial, _ in told
        for parent in trial.parents
    ]
    assert np.mean(ranks) > 0.6  # 0.5 if parents were drawn blindly


@pytest.mark.parametrize("factory", [nsga2, nsga3, tpe])
def test_samplers_learn(factory: object) -> None:
    task = task_of(trainings=50, rungs=FULL)
    told = run(factory(task))  # type: ignore[operator]
    size = population_size(50)
    start = np.mean([outcome.score for _, outcome in told[:size]])
    later = np.mean([outcome.score for _, outcome in told[size:]])
    assert later > start + 0.02


def test_optuna_is_told_what_was_trained_and_stays_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    seen: list[set[tuple[int, ...]]] = []

    class Watching(optuna.samplers.RandomSampler):  # type: ignore[misc, name-defined]
        def infer_relative_search_space(self, study: object, trial: object) -> dict[str, object]:
            trials = [t for t in study.trials if t.state.is_finished()]  # type: ignore[attr-defined]
            seen.append({tuple(sorted(t.params.items())) for t in trials})
            return {}

    from wakeling.search.strategies import optuna_samplers
    from wakeling.search.strategies.past import Past

    task = task_of(trainings=30, rungs=FULL)
    told = tuple(run(random_search(task))[:20])
    past = Past(task=task, told=told, running=(), taken=frozenset(trial.point for trial, _ in told))
    trial = optuna_samplers._proposer("watched", lambda seed, population: Watching(seed=seed))(past, 20)
    assert trial is not None
    assert trial.how == "watched"
    trained = {
        tuple(sorted((str(place), trial.point[place]) for place in (0, 2, 3, 4, 5))) for trial, _ in told
    }
    assert seen == [trained]
    assert optuna.logging.get_verbosity() == before
    assert capsys.readouterr().err == ""


def test_halving_promotes_the_best_third_of_a_rung() -> None:
    strategy = successive_halving(task_of(trainings=20, rungs=(Rung(epochs=3), Rung(epochs=9))))
    asked: list[Trial] = []
    for number, score in enumerate((0.5, 0.9, 0.7)):
        trial = strategy.ask(number)
        assert trial is not None
        asked.append(trial)
        strategy.tell(trial, Outcome(score=score))
    assert [trial.rung for trial in asked] == [0, 0, 0]
    assert strategy.ask(3) == Trial(number=3, point=asked[1].point, rung=1, parents=(1,), how="promoted")


def test_halving_spends_most_trials_on_the_shortest_rung() -> None:
    counts = np.bincount([trial.rung for trial, _ in run(successive_halving(task_of(trainings=20)))])
    assert counts[0] > 3 * counts[1] > 6 * counts[2] > 0


def test_hyperband_starts_networks_on_every_rung_for_like_work() -> None:
    rungs = (Rung(epochs=1), Rung(epochs=3), Rung(epochs=9))
    starts = bracket_starts(task_of(rungs=rungs))
    # the brackets of the paper's table 1 for R = 9, eta = 3
    assert [starts.count(rung) for rung in range(3)] == [9, 5, 3]
    trials = [trial for trial, _ in run(hyperband(task_of(trainings=40, rungs=rungs)))]
    fresh = [trial.rung for trial in trials if trial.how != "promoted"]
    assert [fresh[:17].count(rung) for rung in range(3)] == [9, 5, 3]


def test_guided_needs_a_third_of_the_trainings_of_random_search() -> None:
    assert 3 * _median_work("guided") <= _median_work("random")


def test_guided_stands_noise() -> None:
    goal = best_scores(6)
    tasks = [task_of(seed=seed, trainings=40, rungs=FULL) for seed in SEEDS]
    works = [
        np.median([work_until(factory, task, goal, noise=0.03) for task in tasks])
        for factory in (guided, random_search)
    ]
    assert works[0] < works[1]


def test_guided_begins_with_networks_of_unlike_macs() -> None:
    costs = feasible_points()
    macs = sorted(cost["macs"] for cost in costs.values())
    told = run(guided(task_of(trainings=6, rungs=FULL)))
    shares = [np.searchsorted(macs, costs[trial.point]["macs"]) / len(macs) for trial, _ in told]
    assert max(shares) - min(shares) > 0.4
    assert min(shares) > 0.15


def test_guided_leaves_out_rungs_that_are_too_brief() -> None:
    assert first_rung(task_of(rungs=(Rung(epochs=1), Rung(epochs=3), Rung(epochs=9)))) == 1
    assert first_rung(task_of(rungs=FULL)) == 0


def test_guided_stands_brief_trainings_that_mislead() -> None:
    def work(factory: Callable[[Task], Strategy], seed: int) -> float:
        task = task_of(seed=seed, trainings=60, rungs=(Rung(epochs=3), Rung(epochs=9)))
        strategy, spent, number = factory(task), 0.0, 0
        while (trial := strategy.ask(number)) is not None:
            spent += task.rungs[trial.rung].work / task.rungs[-1].work
            score = score_of(replace(trial, rung=2))
            if trial.rung == 1 and score >= best_scores(3):
                break
            shuffled = 0.55 + 0.2 * float(np.random.default_rng(trial.point).random())
            strategy.tell(trial, Outcome(score=score if trial.rung else shuffled))
            number += 1
        return spent

    medians = [np.median([work(factory, seed) for seed in range(4)]) for factory in (guided, random_search)]
    assert medians[0] < medians[1]


def test_guided_covers_the_front() -> None:
    task = replace(task_of(trainings=30, rungs=FULL), objectives=("score", "macs"))

    def share_found(factory: object) -> float:
        told = tuple(run(factory(task)))  # type: ignore[operator]
        every = tuple(
            (
                Trial(number=n, point=point, rung=0),
                Outcome(score=score_of(Trial(number=n, point=point, rung=0))),
            )
            for n, point in enumerate(feasible_points())
        )
        inside = {trial.point for trial, _ in itertools.compress(every, non_dominated(goods_of(task, every)))}
        return len(inside & {trial.point for trial, _ in told}) / len(inside)

    assert share_found(guided) > share_found(random_search) + 0.1


def test_expected_improvement_is_that_of_a_simulation() -> None:
    random = np.random.default_rng(5)
    means, deviations = np.array([0.1, 0.5, 0.7]), np.array([0.3, 0.1, 0.05])
    drawn = means + deviations * random.normal(size=(400_000, 3))
    simulated = np.maximum(drawn - 0.6, 0.0).mean(axis=0)
    np.testing.assert_allclose(expected_improvement(means, deviations, 0.6), simulated, atol=4e-4)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_search_of_nothing_told_has_no_best(name: str) -> None:
    with pytest.raises(WakelingError, match="no trial was told yet"):
        STRATEGIES[name](task_of()).best()


def test_a_trial_is_told_once_and_of_a_known_rung() -> None:
    strategy = random_search(task_of())
    trial = strategy.ask(0)
    assert trial is not None
    strategy.tell(trial, Outcome(score=0.5))
    with pytest.raises(WakelingError, match="told before"):
        strategy.tell(trial, Outcome(score=0.6))
    with pytest.raises(WakelingError, match="rungs 0 to 2"):
        strategy.tell(Trial(number=1, point=trial.point, rung=3), Outcome(score=0.6))


def test_an_unknown_objective_is_named() -> None:
    strategy = aging_evolution(replace(task_of(rungs=FULL, trainings=40), objectives=("score", "joules")))
    with pytest.raises(WakelingError, match="objective 'joules'"):
        run(strategy)
