"""Every training-free score by its name, with its source and what it needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from wakeling.errors import DataError, DivergedError, GraphError, WakelingError, unknown_name
from wakeling.graph import Graph
from wakeling.training_free.batch import Batch
from wakeling.training_free.fisher import fisher
from wakeling.training_free.gradient_norm import gradient_norm
from wakeling.training_free.naswot import naswot
from wakeling.training_free.size import macs, parameters
from wakeling.training_free.snip import snip
from wakeling.training_free.synflow import synflow
from wakeling.training_free.zen import zen
from wakeling.training_free.zico import zico

Needs = Literal["shapes", "photos", "labels"]
"""Shapes alone, photos, or photos with labels."""

Compute = Callable[[Graph, Batch | None, int], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A number for a network that was never trained; a larger one promises more accuracy.

    `is_baseline` marks plain counts, which every score must beat.
    """

    name: str
    title: str
    source: str
    needs: Needs
    compute: Compute
    is_baseline: bool = False


def score_network(name: str, graph: Graph, *, batch: Batch | None = None, seed: int = 0) -> float:
    """The score `name` of a network at the first weights of `seed`.

    `batch` holds photos of the network's input shape, for scores that need some. The same arguments
    give the same number, whatever the count of threads. Raises WakelingError for an unknown name,
    DataError for a missing or unfitting batch, DivergedError where the score is not finite.
    """
    if name not in SCORES:
        raise WakelingError(unknown_name("score", name, SCORES))
    value = SCORES[name].compute(graph, batch, seed)
    if not math.isfinite(value):
        raise DivergedError(f"the score {name} of {graph.name} is {value}; its first weights carry no signal")
    return value


def _of_shapes(compute: Callable[[Graph, int], float]) -> Compute:
    def computed(graph: Graph, batch: Batch | None, seed: int) -> float:
        if len(graph.input_shape) != 3:
            raise GraphError(f"scores are for images; the input of {graph.name} is {graph.input_shape}")
        return compute(graph, seed)

    return computed


def _of_photos(compute: Callable[[Graph, Batch, int], float]) -> Compute:
    def computed(graph: Graph, batch: Batch | None, seed: int) -> float:
        if batch is None:
            raise DataError("this score looks at photos; give it a batch of them")
        if batch.images.shape[1:] != graph.input_shape:
            raise DataError(
                f"{graph.name} takes images {graph.input_shape}; the batch's are {batch.images.shape[1:]}"
            )
        return compute(graph, batch, seed)

    return computed


_SCORES = (
    Score(
        name="macs",
        title="multiply-accumulates",
        source="counted",
        needs="shapes",
        compute=_of_shapes(macs),
        is_baseline=True,
    ),
    Score(
        name="parameters",
        title="deployed parameters",
        source="counted",
        needs="shapes",
        compute=_of_shapes(parameters),
        is_baseline=True,
    ),
    Score(
        name="synflow",
        title="synaptic flow, logarithm",
        source="Tanaka et al. 2020, arXiv:2006.05467",
        needs="shapes",
        compute=_of_shapes(synflow),
    ),
    Score(
        name="zen",
        title="Zen-score",
        source="Lin et al. 2021, arXiv:2102.01063",
        needs="shapes",
        compute=_of_shapes(zen),
    ),
    Score(
        name="naswot",
        title="log-determinant of the activation patterns' kernel",
        source="Mellor et al. 2021, arXiv:2006.04647",
        needs="photos",
        compute=_of_photos(naswot),
    ),
    Score(
        name="gradient_norm",
        title="norm of the loss's gradient",
        source="Abdelfattah et al. 2021, arXiv:2101.08134",
        needs="labels",
        compute=_of_photos(gradient_norm),
    ),
    Score(
        name="snip",
        title="connection sensitivity",
        source="Lee et al. 2019, arXiv:1810.02340",
        needs="labels",
        compute=_of_photos(snip),
    ),
    Score(
        name="fisher",
        title="Fisher information of the channels",
        source="Theis et al. 2018, arXiv:1801.05787; Turner et al. 2020, arXiv:1906.04113",
        needs="labels",
        compute=_of_photos(fisher),
    ),
    Score(
        name="zico",
        title="inverse coefficient of variation of the gradients",
        source="Li et al. 2023, arXiv:2301.11300",
        needs="labels",
        compute=_of_photos(zico),
    ),
)

SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in _SCORES})
"""Every score by its name; the baselines first."""
