"""The published measurements that the latency model is fitted to, and the work of their networks.

Both are CSV files beside this one, each row with its source. What is made of them is in `fit.py`.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from wakeling.cost.latency.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Cycles (or instructions, counted under emulation) that one inference takes.

    `is_used` is false for rows that the fit leaves out; `remark` then says why.
    """

    engine: str
    core: str
    board: str
    clock_mhz: float | None
    network: str
    unit: str
    amount: float
    is_used: bool
    remark: str
    basis: str
    source: str


def _rows(name: str) -> list[dict[str, str]]:
    text = (resources.files("wakeling.cost.latency") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@functools.cache
def networks() -> Mapping[str, tuple[Work, ...]]:
    """The work of each measured network by its name, one `Work` a kind."""
    found: dict[str, list[Work]] = {}
    for row in _rows("networks.csv"):
        found.setdefault(row["network"], []).append(
            Work(
                name=row["network"],
                kind=row["kind"],
                is_aligned=row["is_aligned"] == "yes",
                macs=float(row["macs"]),
                outputs=float(row["outputs"]),
                elements=float(row["elements"]),
                layers=float(row["layers"]),
            )
        )
    return MappingProxyType({name: tuple(shares) for name, shares in found.items()})


@functools.cache
def measurements() -> tuple[Measurement, ...]:
    """Every measurement, those that are not used among them."""
    return tuple(
        Measurement(
            engine=row["engine"],
            core=row["core"],
            board=row["board"],
            clock_mhz=float(row["clock_mhz"]) if row["clock_mhz"] else None,
            network=row["network"],
            unit=row["unit"],
            amount=float(row["amount"]),
            is_used=row["is_used"] == "yes",
            remark=row["remark"],
            basis=row["basis"],
            source=row["source"],
        )
        for row in _rows("measurements.csv")
    )
