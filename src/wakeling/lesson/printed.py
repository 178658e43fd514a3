"""What tables print beside what the graphs count: agreement, rounding habits and misprints.

The printed figures are facts with a source; the exact ones come from `wakeling.cost`.
"""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from wakeling.cost import cost
from wakeling.spec import Network, lower, make
from wakeling.spec.families.published import published, published_table

Verdict = Literal["rounded", "cut off", "rounded up", "misprint"]
"""How a printed whole number of millions came from the exact count."""

_PAPERS = {"mobilenet_v1": "mobilenet_v1_paper.csv"}
_IMAGENET = {"channels": 3, "classes": 1000, "depth": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One printed row about one network: MACs and parameters in millions, top-1 accuracy on ImageNet.

    `verdict` compares its MACs with the exact count: off by a million or more is a misprint.
    """

    macs_millions: float
    parameters_millions: float
    top1_percent: float
    verdict: Verdict
    source: str


def verdict(printed_millions: float, macs: int) -> Verdict:
    """How `printed_millions` came from `macs`."""
    exact = macs / 1_000_000
    if abs(printed_millions - exact) >= 1:
        return "misprint"
    if abs(printed_millions - exact) <= 0.5:
        return "rounded"
    return "cut off" if printed_millions == math.floor(exact) else "rounded up"


def printed_rows(network: Network, macs: int) -> tuple[Printed, ...]:
    """Every printed row about exactly this network, which has `macs`; the authors' code's table first."""
    rows = []
    table = published(network)
    if table is not None:
        rows.append(
            Printed(
                macs_millions=table.macs_millions,
                parameters_millions=table.parameters_millions,
                top1_percent=table.top1_percent,
                verdict=verdict(table.macs_millions, macs),
                source=table.source.partition(" (")[0],
            )
        )
    rows += [
        Printed(
            macs_millions=float(row["macs_millions"]),
            parameters_millions=float(row["parameters_millions"]),
            top1_percent=float(row["top1_percent"]),
            verdict=verdict(float(row["macs_millions"]), macs),
            source=row["source"],
        )
        for row in _paper(network.family or "")
        if _is_row_of(row, network)
    ]
    return tuple(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misprint:
    """A printed row whose MACs no rounding explains."""

    alpha: float
    resolution: int
    printed_macs_millions: float
    macs: int
    source: str


@functools.cache
def misprints(family: str) -> tuple[Misprint, ...]:
    """Every misprint in what was printed about a family; empty where nothing is printed."""
    points = [(row.alpha, row.resolution) for row in published_table(family)]
    points += [(float(row["alpha"]), int(row["resolution"])) for row in _paper(family)]
    found = []
    for alpha, resolution in dict.fromkeys(points):
        network = make(family, alpha=alpha, resolution=resolution, **_IMAGENET)
        macs = cost(lower(network), runtimes=()).macs
        found += [
            Misprint(
                alpha=alpha,
                resolution=resolution,
                printed_macs_millions=row.macs_millions,
                macs=macs,
                source=row.source,
            )
            for row in printed_rows(network, macs)
            if row.verdict == "misprint"
        ]
    return tuple(found)


def _is_row_of(row: dict[str, str], network: Network) -> bool:
    knobs = {"alpha": float(row["alpha"]), "resolution": int(row["resolution"]), **_IMAGENET}
    return all(network.knobs.get(knob) == value for knob, value in knobs.items())


@functools.cache
def _paper(family: str) -> tuple[dict[str, str], ...]:
    """The rows of the family's paper; empty where its tables are not here."""
    if family not in _PAPERS:
        return ()
    text = (resources.files("wakeling.lesson") / _PAPERS[family]).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
