"""The plan of a search through a space: measured speed of a few of its networks, work that fits the time."""

from __future__ import annotations

import numpy as np

from wakeling.pipeline.finalists import rungs_of, speed_of
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.pace import Pace, pace_of
from wakeling.pipeline.plan import SPACE_SEARCH_SHARE, SUPERNET_SHARE, Plan, choose_rungs
from wakeling.pipeline.request import DesignRequest
from wakeling.pipeline.setting import Setting
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.space import StagedSpace
from wakeling.search.space_choice import choose_space, narrowed
from wakeling.spec import lower
from wakeling.units import format_count

DRAWN, MEASURED = 40, 6
"""Networks that are drawn, and those of them, from the fewest MACs to the most, whose speed is measured."""

SUPERNET_SLOWDOWN = 4.0
"""A step of the supernet trains this many networks: the largest, the smallest and two at random."""


def make_space_plan(setting: Setting, train_images: int, listener: Listener) -> Plan:
    """Choose how much a space is searched. Measures training speeds; trains nothing."""
    from wakeling.train.threads import choose_threads

    request = setting.request
    space = kept_space(setting, listener)
    domain = BudgetDomain(space, setting.budget)
    random = np.random.default_rng(request.seed)
    sampled = [domain.sample(random) for _ in range(DRAWN)]
    drawn = sorted(sampled, key=lambda point: domain.costs(point)["macs"])
    points = [drawn[place * (DRAWN - 1) // (MEASURED - 1)] for place in range(MEASURED)]
    networks = [space.network(point) for point in points]
    threads = request.threads or choose_threads(lower(networks[0])).threads
    listener.note(f"training on {threads} thread{'s' if threads > 1 else ''}")
    listener.stage("Training speed of some networks")
    measured = []
    for number, (point, network) in enumerate(zip(points, networks, strict=True), start=1):
        measured.append((int(domain.costs(point)["macs"]), speed_of(network, threads)))
        listener.progress("speeds", number, len(networks))
    return _spend(request, space, pace_of(measured), threads, train_images)


def kept_space(setting: Setting, listener: Listener) -> StagedSpace:
    """The space, or the part of it that space optimization keeps where the request asks for it."""
    staged = setting.request.staged
    assert staged is not None
    if not setting.request.optimize_space:
        return staged
    listener.stage(f"Optimizing the space {staged.name}")
    pairs = len(staged.widths) * len(staged.resolutions)
    done = iter(range(1, pairs + 1))
    kept = choose_space(
        BudgetDomain(staged, setting.budget),
        seed=setting.request.seed,
        progress=lambda: listener.progress("pairs of width and resolution", next(done), pairs),
    ).chosen
    listener.note(
        f"kept width {kept.width:g} at {kept.resolution} pixels: "
        f"{format_count(round(kept.mean_macs))} MACs on average"
    )
    return narrowed(staged, kept)


def _spend(request: DesignRequest, space: StagedSpace, pace: Pace, threads: int, train_images: int) -> Plan:
    """What the request fixes, and the rest by the time that it allows."""
    speed = 1 / pace.seconds(pace.typical_macs)
    seconds = request.minutes * 60
    searching = SPACE_SEARCH_SHARE * seconds
    supernet_epochs = 0
    if request.evaluator == "supernet":
        supernet_seconds = SUPERNET_SHARE * searching
        epoch_seconds = SUPERNET_SLOWDOWN * train_images / speed
        supernet_epochs = max(1, round(supernet_seconds / epoch_seconds))
        searching -= supernet_seconds
    if request.rung_epochs is not None:
        rungs = rungs_of(request, request.rung_epochs)
        planned = max(2, int(searching * speed / (rungs[-1].work * train_images)))
    else:
        rungs, planned = choose_rungs(seconds=searching, images_per_second=speed, train_images=train_images)
    trainings = request.trainings or planned
    search_seconds = (trainings * rungs[-1].work + SUPERNET_SLOWDOWN * supernet_epochs) * train_images / speed
    return Plan(
        staged=space,
        rungs=rungs,
        trainings=trainings,
        supernet_epochs=supernet_epochs,
        pace=pace if request.trainings is None else None,  # who counts trainings counts networks alike
        threads=threads,
        train_images=train_images,
        search_minutes=round(search_seconds / 60, 1),
        estimated_minutes=round(max(seconds, search_seconds) / 60, 1),
    )
