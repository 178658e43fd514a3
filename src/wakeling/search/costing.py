"""Costs of a space's points under one budget: exact, and cheap where a point breaks a limit early.

A point is first walked part by part (`parts`), which proves most of the infeasible ones so. What is left is
planned by the budget's own planner: a network is accepted by its exact cost only.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

from wakeling.cost import PLANNERS, Budget, Violation, engines_for
from wakeling.cost.budget import exceeded
from wakeling.cost.energy import active_power
from wakeling.cost.latency.costs import EngineCosts
from wakeling.cost.latency.engines import choose_engine, core_of, engine_of
from wakeling.cost.latency.stored import costs_of
from wakeling.cost.memory import OWN_C_PLANNERS
from wakeling.errors import WakelingError
from wakeling.graph import INPUT, Graph, GraphBuilder, Node
from wakeling.ops import Shape
from wakeling.search.parts import (
    HEAD,
    MOST_KEPT,
    Part,
    Run,
    cost_block,
    exact_ram,
    flash_of,
    joined,
    kept_alone,
    ram_bound,
)
from wakeling.search.space import Point, Space, StagedSpace
from wakeling.search.space.staged import FIRST_STAGE_KNOB, PATCHES, STAGE_KNOBS, WHOLE
from wakeling.spec import Block, ClassifierHead

Blocks = tuple[Block, ...]

ROUNDING = 1 + 1e-9
"""Sums of times in another order differ by less; only a time beyond that breaks a limit early."""


class Costed(NamedTuple):
    """The exact costs of a point, and the limits that it breaks; see `domain.Costs`."""

    costs: dict[str, float]
    violations: tuple[Violation, ...]


class Costing:
    """What the points of a space cost under a budget; the same part of two points is costed once.

    Raises WakelingError where the space has no network that the budget's runtime can run, and
    LatencyError where the budget limits time and none is known for its board.
    """

    def __init__(self, space: Space, budget: Budget) -> None:
        self.space = space
        self.budget = budget
        self._parameters = {parameter.name: place for place, parameter in enumerate(space.parameters)}
        self.executions = _executions(space, budget)
        self._budgets = {
            execution: dataclasses.replace(budget, runtime=runtime)
            for execution, runtime in self.executions.items()
        }
        self._ends = _ends(space)
        self._engine = _engine(budget)
        self._power_mw = _power(budget) if self._engine else None
        self._most_cycles = self._cycles(_most_ms(budget, self._power_mw)) * ROUNDING
        self._runs: dict[tuple[str, int, Shape], tuple[Blocks, Run]] = {}
        self._by_block: dict[tuple[str, Block, Shape], Part] = {}
        self._nodes: dict[Hashable, tuple[tuple[Node, ...], str, Shape]] = {}
        self._same: dict[Blocks, Blocks] = {}

    def __reduce__(self) -> tuple[type[Costing], tuple[Space, Budget]]:
        """A copy remembers nothing: what is known by a tuple's identity is known in one process only."""
        return Costing, (self.space, self.budget)

    def execution(self, point: Point) -> str:
        """How the point's network runs; `whole` where the space does not say."""
        place = self._parameters.get("execution")
        return WHOLE if place is None else str(self.space.parameters[place].choices[point[place]])

    def runtime(self, point: Point) -> str:
        """Whose plan holds the point's network; raises WakelingError where there is none."""
        runtime = self.executions.get(self.execution(point))
        if runtime is None:
            raise WakelingError(refusal(self.budget.runtime))
        return runtime

    def broken_by(self, point: Point) -> int:
        """How many of the point's first knobs break a limit for sure, whatever the others are.

        By what the parts add up to; 0 proves nothing.
        """
        runtime = self.executions.get(self.execution(point))
        if runtime is None:
            return len(point)
        budget = self.budget
        ram_bytes, macs = budget.ram_bytes - kept_alone(runtime), _or_infinite(budget.macs)
        constants, cycles = budget.flash_bytes, self._most_cycles
        blocks, shape = self._blocks(point)
        is_patched = runtime == "patched"
        parts: list[Part] = []
        most_live = math.prod(shape)
        steps_over = False  # then patches may compute less than the whole image has
        for part_blocks, end in zip(blocks, self._ends, strict=False):
            if not part_blocks:
                continue
            run = self._run(part_blocks, shape, runtime)
            parts += run.parts
            shape = run.target
            ram_bytes -= run.kept_bytes
            constants -= run.constant_bytes
            macs -= run.macs
            cycles -= run.cycle_sum
            steps_over = steps_over or run.skips_pixels
            most_live = max(most_live, run.live_bytes)
            if most_live > ram_bytes or constants < 0:
                return end
            if (macs < 0 or cycles < 0) and not is_patched:
                return end
        if (macs < 0 or cycles < 0) and not steps_over:
            return len(point)
        return len(point) if flash_of(parts, runtime) > budget.flash_bytes else 0

    def shortfall(self, point: Point) -> float:
        """By how much the point breaks its limits, each as a share of the limit; 0 where it keeps all.

        The sum of the parts' bounds where they break one, else by the exact costs.
        """
        runtime = self.executions.get(self.execution(point))
        if runtime is None:
            return math.inf
        parts, source = self.parts(point, runtime)
        macs, cycles = sum([part.macs for part in parts]), sum([part.cycle_sum for part in parts])
        if runtime == "patched" and any(part.skips_pixels for part in parts):
            macs, cycles = 0, 0.0
        broken = exceeded(
            self._budgets[self.execution(point)],
            ram_bytes=ram_bound(parts, runtime, source),
            flash_bytes=flash_of(parts, runtime),
            macs=macs,
            frame_ms=self._ms(cycles) / ROUNDING,
        )
        broken = broken or self.cost(point).violations
        return sum([violation.excess / violation.limit for violation in broken])

    def cost(self, point: Point) -> Costed:
        """The exact costs; raises WakelingError where the budget's runtime cannot run the point."""
        runtime = self.runtime(point)
        parts, _ = self.parts(point, runtime)
        ram_bytes, patch = exact_ram(parts, runtime), None
        if ram_bytes is None:
            plan = PLANNERS[runtime](self.graph(point))
            ram_bytes, patch = plan.peak_bytes, plan.patch
        macs, cycles = sum([part.macs for part in parts]), [c for part in parts for c in part.cycles]
        time_ms = self._ms(sum(cycles))
        if patch is not None and patch.added_macs:
            added_macs, operators = patch.added_macs, patch.operators
            layer_macs = [layer for part in parts for layer in part.layer_macs]
            time_ms += self._ms(sum(cycles[:operators])) * added_macs / sum(layer_macs[:operators])
            macs += added_macs
        flash_bytes = flash_of(parts, runtime)
        costs: dict[str, float] = {
            "macs": macs,
            "parameters": sum([part.parameters for part in parts]),
            "ram_bytes": ram_bytes,
            "flash_bytes": flash_bytes,
        }
        if self._engine is not None:
            costs["latency_ms"] = time_ms
        if self._power_mw is not None:
            costs["energy_mj"] = self._power_mw * time_ms / 1000
        broken = exceeded(
            self._budgets[self.execution(point)],
            ram_bytes=ram_bytes,
            flash_bytes=flash_bytes,
            macs=macs,
            frame_ms=time_ms,
        )
        return Costed(costs, broken)

    def graph(self, point: Point) -> Graph:
        """The deployed graph: what `spec.lower` builds, from blocks that are lowered once."""
        blocks, source = self._blocks(point)
        nodes: list[Node] = []
        tensor, shape = INPUT, source
        for index, block in enumerate(itertools.chain.from_iterable(blocks)):
            key = block, index, tensor, shape
            known = self._nodes.get(key)
            if known is None:
                known = _remember(self._nodes, key, _lowered(block, index, tensor, shape))
            more, tensor, shape = known
            nodes += more
        return Graph(name=self.space.name, input_shape=source, nodes=tuple(nodes), output=tensor)

    def _blocks(self, point: Point) -> tuple[Iterable[Blocks], Shape]:
        """The blocks by part, some of them none, and the shape of the network's input.

        Equal parts are the very same tuple, as long as they are remembered.
        """
        space = self.space
        if isinstance(space, StagedSpace):
            side = space.resolutions[point[0]]
            return space.parts(point), (side, side, space.channels[point[1]])
        network = space.network(point)
        parts = [self._same.setdefault((block,), (block,)) for block in network.blocks]
        if len(self._same) > MOST_KEPT:
            self._same.clear()
        return parts, (network.resolution, network.resolution, network.channels)

    def parts(self, point: Point, runtime: str) -> tuple[list[Part], Shape]:
        """The costed blocks of a point under a runtime, and the shape of the network's input."""
        blocks, source = self._blocks(point)
        shape = source
        parts: list[Part] = []
        for part_blocks in filter(None, blocks):
            run = self._run(part_blocks, shape, runtime)
            parts += run.parts
            shape = run.target
        return parts, source

    def _run(self, blocks: Blocks, shape: Shape, runtime: str) -> Run:
        """Known by the tuple's identity, which is quicker than its value; the entry keeps it alive."""
        key = runtime, id(blocks), shape
        known = self._runs.get(key)
        if known is None:
            found = []
            target = shape
            for block in blocks:
                found.append(self._block(block, target, runtime))
                target = found[-1].target
            known = _remember(self._runs, key, (blocks, joined(found)))
        return known[1]

    def _block(self, block: Block, shape: Shape, runtime: str) -> Part:
        key = runtime, block, shape
        found = self._by_block.get(key)
        if found is None:
            found = _remember(self._by_block, key, cost_block(block, shape, runtime, self._engine))
        return found

    def _ms(self, cycles: float) -> float:
        board = self.budget.board
        return cycles * 1000 / board.clock_hz if board is not None and self._engine else 0.0

    def _cycles(self, ms: float) -> float:
        board = self.budget.board
        return ms * board.clock_hz / 1000 if board is not None and self._engine else math.inf


def refusal(runtime: str) -> str:
    """Why no plan of `runtime` has patches, in a line."""
    return (
        f"the network runs patch by patch, which only our own C does, and the budget's runtime is {runtime}; "
        f"choose {' or '.join(OWN_C_PLANNERS)}, or a network whose execution is {WHOLE}"
    )


def _executions(space: Space, budget: Budget) -> dict[str, str]:
    """Whose plan holds a network, by how it runs; what the budget's runtime cannot run is missing.

    A network that runs whole is planned by the budget's runtime, one that runs by patches by `patched`,
    if that runtime is our own C. Under `patched` a space that leaves the choice means it: what runs
    whole is then planned by `wakeling-c`.
    """
    runtime = budget.runtime
    offered = next((p.choices for p in space.parameters if p.name == "execution"), (WHOLE,))
    can_patch = runtime in OWN_C_PLANNERS
    found = {}
    if WHOLE in offered:
        found[WHOLE] = "wakeling-c" if runtime == "patched" and PATCHES in offered else runtime
    if PATCHES in offered and can_patch:
        found[PATCHES] = "patched"
    if not found:
        raise WakelingError(f"search space {space.name}: {refusal(runtime)}")
    return found


def _ends(space: Space) -> Iterable[int]:
    """How many of a point's first knobs the network depends on up to each of its parts."""
    total = len(space.parameters)
    if not isinstance(space, StagedSpace):
        return itertools.repeat(total)
    stages = range(1, len(space.stages) + 1)
    return (
        FIRST_STAGE_KNOB,
        *(FIRST_STAGE_KNOB + number * len(STAGE_KNOBS) for number in stages),
        total,
    )


def _engine(budget: Budget) -> EngineCosts | None:
    """What the engine of the budget's runtime pays; None where no time is known and none limited."""
    board = budget.board
    is_limited = budget.frame_us is not None or budget.energy_uj is not None
    if board is None or not (is_limited or engines_for(board)):
        return None
    return costs_of(choose_engine(board, engine_of(board, budget.runtime)), core_of(board))


def _power(budget: Budget) -> float | None:
    """Milliwatts while the board computes; None where nobody knows."""
    board = budget.board
    if board is None or (board.power is None and budget.active_mw is None):
        return None
    return active_power(board, budget.active_mw)[0].value


def _most_ms(budget: Budget, power_mw: float | None) -> float:
    """The longest time that the limits of time and of energy allow."""
    by_energy = math.inf if budget.energy_uj is None or not power_mw else budget.energy_uj / power_mw
    return min(_or_infinite(budget.frame_us) / 1000, by_energy)


def _or_infinite(limit: int | None) -> float:
    return math.inf if limit is None else limit


def _lowered(block: Block, number: int, source: str, shape: Shape) -> tuple[tuple[Node, ...], str, Shape]:
    """The nodes of the block of this number that reads `source`; their output and its shape."""
    builder = GraphBuilder("part", shape, deployed=True)
    name = HEAD if isinstance(block, ClassifierHead) else f"block{number}"
    tensor = block.lower(builder, INPUT, name)
    nodes = [
        node._replace(inputs=tuple([source if read == INPUT else read for read in node.inputs]))
        for node in builder.build(tensor).nodes
    ]
    return tuple(nodes), tensor, builder.shape(tensor)


def _remember(kept: dict[Any, Any], key: Hashable, value: Any) -> Any:
    """Keep a value under its key; where too many are kept, forget all the others first."""
    if len(kept) >= MOST_KEPT:
        kept.clear()
    kept[key] = value
    return value
