"""What was published about the families: ImageNet accuracy, MACs and parameters, with sources.

The tables lie beside this file as CSV; they are facts to show beside our own figures and to test
against, and nothing is computed from them.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources

from wakeling.spec.network import Network

IMAGENET_CLASSES = 1000
_TABLES = {"mobilenet_v1": "mobilenet_v1_imagenet.csv", "mobilenet_v2": "mobilenet_v2_imagenet.csv"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A published network on ImageNet (1000 classes, RGB); parameters and MACs in millions."""

    alpha: float
    resolution: int
    macs_millions: float
    parameters_millions: float
    top1_percent: float
    top5_percent: float
    source: str


@functools.cache
def published_table(family: str) -> tuple[Published, ...]:
    """The published rows of a family; empty where there is no table."""
    if family not in _TABLES:
        return ()
    text = (resources.files("wakeling.spec.families") / _TABLES[family]).read_text(encoding="utf-8")
    return tuple(
        Published(
            alpha=float(row["alpha"]),
            resolution=int(row["resolution"]),
            macs_millions=float(row["published_macs_millions"]),
            parameters_millions=float(row["published_params_millions"]),
            top1_percent=float(row["top1_percent"]),
            top5_percent=float(row["top5_percent"]),
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def published(network: Network) -> Published | None:
    """The published row of exactly this network, or None."""
    knobs = network.knobs
    if network.family is None or network.channels != 3 or network.classes != IMAGENET_CLASSES:
        return None
    if knobs.get("depth", 1.0) != 1.0:
        return None
    for row in published_table(network.family):
        if row.alpha == knobs.get("alpha") and row.resolution == network.resolution:
            return row
    return None
