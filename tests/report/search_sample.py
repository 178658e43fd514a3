"""Made-up searches to render: many trials of the tiny space, with an invented law of accuracy."""

from __future__ import annotations

import math

import numpy as np

from wakeling.report.search_summary import summarize_search
from wakeling.search.space import load_space
from wakeling.search.trial import Outcome, Rung, Trial, TrialRecord

SPACE = load_space("tiny")
RUNGS = (Rung(epochs=1, resolution_share=0.75), Rung(epochs=3), Rung(epochs=9))
LIMITS = {"ram_bytes": 64 * 1024, "flash_bytes": 256 * 1024, "macs": 6_000_000, "latency_ms": 500.0}
NAMES = [parameter.name for parameter in SPACE.parameters]


def costs_of(point, *, with_latency=True):
    """Invented costs that grow as real ones do; no network is built."""
    v = dict(zip(NAMES, point, strict=True))
    side = SPACE.resolutions[v["resolution"]]
    width = SPACE.widths[v["width"]]
    depth = 3 + v["stage1.depth"] + v["stage2.depth"] + v["stage3.depth"]
    macs = round(side**2 * width**1.6 * depth * (1 + v["stage2.kernel"] / 4) * 28)
    costs = {
        "macs": macs,
        "parameters": round(9000 * width**1.8 * depth / 3),
        "ram_bytes": round(side**2 * (1 + 2 * v["channels"]) + side**2 * width * 3.2),
        "flash_bytes": round(9000 * width**1.8 * depth / 3 + 24_000),
    }
    if with_latency:
        costs["latency_ms"] = macs / 14_000
    return costs


def score_of(point, rung, random):
    v = dict(zip(NAMES, point, strict=True))
    macs = costs_of(point)["macs"]
    reached = 0.88 - 0.22 * math.exp(-macs / 1.6e6)
    reached += 0.012 * v["stage2.kernel"] - 0.025 * (v["stage3.block"] == 0) + 0.01 * v["channels"]
    return float(np.clip(reached - (0.11, 0.05, 0.0)[rung] + 0.008 * random.standard_normal(), 0, 1))


def record(number, point, rung, random, *, parents=(), how="sampled", error="", with_latency=True):
    score = 0.0 if error else score_of(point, rung, random)
    work = RUNGS[rung].work
    return TrialRecord(
        trial=Trial(number=number, point=point, rung=rung, parents=parents, how=how),
        outcome=Outcome(score=score, error=error),
        network=SPACE.network_name(point),
        epochs=RUNGS[rung].epochs,
        costs=costs_of(point, with_latency=with_latency),
        seed=7 + number,
        seconds=9.0 * work * (0.5 + costs_of(point)["macs"] / 2e6),
    )


def records(count, seed=3, *, with_latency=True):
    """A search by mutation and promotion: every ninth trial fails, limits hold."""
    random = np.random.default_rng(seed)
    made = []
    best = {0: [], 1: [], 2: []}
    while len(made) < count:
        number = len(made)
        draw = random.random()
        promoted = {one.trial.point for one in made if one.trial.rung}
        able = [
            one
            for rung in (0, 1)
            for one in sorted(best[rung], key=lambda one: -one.outcome.score)[: 1 + len(best[rung]) // 3]
            if not any(
                other.trial.parents == (one.trial.number,) and other.trial.rung > rung for other in made
            )
        ]
        if draw < 0.28 and able:
            parent = able[-1]
            new = record(
                number,
                parent.trial.point,
                parent.trial.rung + 1,
                random,
                parents=(parent.trial.number,),
                how="promoted",
                with_latency=with_latency,
            )
        else:
            parents, how = (), "sampled"
            point = [int(random.integers(len(parameter.choices))) for parameter in SPACE.parameters]
            pool = sorted(best[0], key=lambda one: -one.outcome.score)[:8]
            if number > 12 and draw > 0.45 and pool:
                parent = pool[int(random.integers(len(pool)))]
                parents, how = (parent.trial.number,), "mutated"
                child = list(parent.trial.point)
                for place in random.choice(len(child), 3, replace=False):
                    child[place] = point[place]
                if draw > 0.85 and len(pool) > 2:
                    other = pool[int(random.integers(len(pool)))]
                    if other is not parent:
                        parents, how = (parent.trial.number, other.trial.number), "crossed"
                        child = [
                            a if random.random() < 0.6 else b
                            for a, b in zip(child, other.trial.point, strict=True)
                        ]
                point = child
            point = SPACE.canonical(tuple(point))
            costs = costs_of(point)
            if any(costs[name] > limit for name, limit in LIMITS.items()):
                continue
            error = "loss is nan in epoch 1" if number % 29 == 17 else ""
            new = record(
                number, point, 0, random, parents=parents, how=how, error=error, with_latency=with_latency
            )
        made.append(new)
        if not new.outcome.error:
            best[new.trial.rung].append(new)
        _ = promoted
    return tuple(made)


def summary(count=60, **changes):
    given = {
        "space": SPACE,
        "rungs": RUNGS,
        "strategy": "aging evolution with successive halving",
        "evaluator": "training from scratch",
        "seed": 3,
        "limits": LIMITS,
        "trainings": 40,
        "ram_runtime": "tflm",
    }
    made = changes.pop("records", None)
    if made is None:
        made = records(count)
    return summarize_search(made, **{**given, **changes})
