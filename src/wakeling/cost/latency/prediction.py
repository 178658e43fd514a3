"""From a network and a board to milliseconds, layer by layer, with an interval.

The whole model is in `costs.py` (arithmetic), `engines.py` (who runs where) and `stored.py` (numbers).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from wakeling.boards import Board
from wakeling.cost import report as reports
from wakeling.cost.latency.costs import NORMAL_90, Cycles, EngineCosts
from wakeling.cost.latency.engine_file import EngineFile, read_engine
from wakeling.cost.latency.engines import ENGINES, FLOAT_ENGINE, choose_engine, core_of
from wakeling.cost.latency.stored import costs_of, is_measured
from wakeling.cost.latency.work import Work, works
from wakeling.cost.provenance import Provenance
from wakeling.cost.report import CostReport
from wakeling.errors import LatencyError
from wakeling.graph import Graph

FLOAT_DEVIATION = math.log(2)
"""Added to what is unsure where a network computes in float32: no time of one is at hand."""


class LayerTime(NamedTuple):
    """Milliseconds of one layer: the most probable, and where nine of ten should lie."""

    name: str
    kind: str
    ms: float
    low_ms: float
    high_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The time of one inference in milliseconds: the most probable, and where nine of ten should lie.

    `layers` has every layer that takes any; their most probable times sum to `ms`, their intervals are
    each layer's own.
    """

    network: str
    board: str
    engine: str
    core: str
    clock_hz: int
    ms: float
    low_ms: float
    high_ms: float
    layers: tuple[LayerTime, ...]
    provenance: Provenance

    @property
    def frames_per_second(self) -> float:
        """How many inferences a second would keep the core busy all the time; 0 for an empty network."""
        return 1000 / self.ms if self.ms else 0.0


def latency(
    network: Graph | CostReport, board: Board, engine: str | Path | EngineFile | None = None
) -> Latency:
    """How long one inference takes on the board.

    `engine` is a name of `ENGINES`, a calibrated engine or the path of its `.toml` file; None: the
    board's usual engine. Raises LatencyError where no time is known for the core, the engine does not
    run there, or the network computes in float32 and the engine does not; UnsupportedOpError for an
    operator without a cost.
    """
    report = network if isinstance(network, CostReport) else reports.cost(network, runtimes=())
    todo = works(report)
    costs, name, origin = _costs(todo, board, engine)
    total = costs.predict(todo)
    return Latency(
        network=report.name,
        board=board.name,
        engine=name,
        core=costs.core,
        clock_hz=board.clock_hz,
        ms=_ms(total.typical, board),
        low_ms=_ms(total.low, board),
        high_ms=_ms(total.high, board),
        layers=tuple([_layer(work, costs.predict((work,)), board) for work in todo]),
        provenance=origin,
    )


def milliseconds(report: CostReport, board: Board, engine: str | None = None) -> float:
    """The most probable time alone: what a search asks thousands of times. Raises as `latency`."""
    todo = works(report)
    costs, _, _ = _costs(todo, board, engine)
    return _ms(sum([costs.of(work) for work in todo]), board)


def _layer(work: Work, cycles: Cycles, board: Board) -> LayerTime:
    return LayerTime(
        work.name, work.kind, _ms(cycles.typical, board), _ms(cycles.low, board), _ms(cycles.high, board)
    )


def _ms(cycles: float, board: Board) -> float:
    return cycles * 1000 / board.clock_hz


def _costs(
    todo: tuple[Work, ...], board: Board, engine: str | Path | EngineFile | None
) -> tuple[EngineCosts, str, Provenance]:
    """The costs to predict with, the engine's name, and where the numbers come from."""
    if isinstance(engine, Path) or (isinstance(engine, str) and engine.lower().endswith(".toml")):
        engine = read_engine(Path(engine))
    is_float = any(work.is_float for work in todo)
    if isinstance(engine, EngineFile):
        return _calibrated(engine, board), engine.name, _calibrated_origin(engine)
    name, core = choose_engine(board, engine), core_of(board)
    if not is_float:
        costs = costs_of(name, core)
        return costs, name, _origin(name, costs)
    if not ENGINES[name].runs_float or core == "Cortex-M0+":
        raise LatencyError(
            f"the network computes in float32, and no time of that is known for {name} on {board.core}; "
            "quantize it to int8, or measure it and run `wakeling calibrate`"
        )
    reference = costs_of(FLOAT_ENGINE, core)
    costs = dataclasses.replace(reference, level=math.hypot(reference.level, FLOAT_DEVIATION))
    return costs, name, _origin(name, costs, is_float=True)


def _origin(name: str, costs: EngineCosts, *, is_float: bool = False) -> Provenance:
    factor = math.exp(NORMAL_90 * costs.inflation * costs.level)
    where = (
        f"fitted to published times of {ENGINES[name].title} on {costs.core}"
        if is_measured(name, costs.core)
        else f"no time of {ENGINES[name].title} on {costs.core} is known: from its times or instructions on "
        "other cores and other engines' on this one"
    )
    if is_float:
        where = f"float32 taken as {FLOAT_ENGINE}'s int8 kernels, for want of measurements"
    remark = ENGINES[name].remark
    return Provenance(
        kind="modelled",
        how=f"cycles by kind of work, {where}" + (f"; {remark}" if remark else ""),
        source="MLPerf Tiny, Banbury et al. 2021, tinyengine, esp-nn, STM32 model zoo, emulated instructions",
        error=f"nine of ten within a factor of {factor:.2g}; more where a network differs from the measured",
    )


def _calibrated(engine: EngineFile, board: Board) -> EngineCosts:
    if engine.costs.core != core_of(board):
        raise LatencyError(
            f"engine {engine.name} was calibrated on {engine.costs.core}, and {board.name} has {board.core}; "
            "calibrate it for this board"
        )
    return engine.costs


def _calibrated_origin(engine: EngineFile) -> Provenance:
    factor = math.exp(NORMAL_90 * engine.costs.inflation * engine.costs.level)
    return Provenance(
        kind="modelled",
        how=f"calibrated on {engine.board} with {engine.measurements} measured times, from {engine.base}",
        error=f"nine of ten within a factor of {factor:.2g}",
    )
