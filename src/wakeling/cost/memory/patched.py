"""`patched`: the first layers patch by patch, so that their large tensors are never whole in RAM.

The idea of MCUNetV2 (Lin et al. 2021, arXiv:2110.15352) on the rules of `wakeling-c`: RAM is saved,
and the pixels in which patches overlap are computed more than once.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from wakeling.cost.memory.patch_stage import Stage
from wakeling.cost.memory.patch_stages import Prefix, Stages
from wakeling.cost.memory.plan import MemoryPlan, PatchOption
from wakeling.cost.memory.wakeling_c import Held, held_by, wakeling_c
from wakeling.graph import INPUT, Graph

MOST_PATCHES = 4
"""Along each axis."""


def patched(
    graph: Graph,
    held: Held | None = None,
    *,
    most_patches: int = MOST_PATCHES,
    streams_input: bool = False,
) -> MemoryPlan:
    """The smallest arena of a fused graph whose first operators may run patch by patch.

    A stage is a prefix of operators behind which one image is all that is read later. Its output is
    cut into rows × columns patches, each at most `most_patches`; for each of them the stage runs on
    the part of every tensor that the patch needs, halo included. The network's input and the stage's
    output are held whole while the stage runs; with `streams_input` the input arrives patch by patch,
    as from a camera that can be read again. What follows runs as in `wakeling-c`.

    Of equally small plans the one with the shortest stage is taken, then the one with the fewest
    added MACs; "small" is the sum of live buffers, before they are placed. Where no stage saves
    anything, the plan is `wakeling-c`'s and `plan.patch` is None.

    A patch's operator works in place where it would on whole images, unless it reads the network's
    input or makes the stage's output, or a pad is fused into it.
    """
    held = held or held_by(graph)
    stages = Stages(graph, most_patches=most_patches, streams_input=streams_input, held=held)
    best = Choice(max(stages.live), 0)
    waiting: list[Prefix] = []
    for prefix in stages.prefixes():
        heapq.heappush(waiting, prefix)
        best = _best_of(stages, waiting, best, prefix.least_behind)
        if prefix.least_behind >= best.peak:
            break
    best = _best_of(stages, waiting, best, best.peak)
    if best.stage is None:
        return replace(wakeling_c(graph, held), runtime="patched")
    return best.stage.plan(*best.grid)


class Choice(NamedTuple):
    """A stage on a grid of patches, and its peak; without a stage, whole images."""

    peak: int
    length: int
    stage: Stage | None = None
    grid: tuple[int, int] = (1, 1)


def _best_of(stages: Stages, waiting: list[Prefix], best: Choice, up_to: int) -> Choice:
    """The better of `best` and the waiting prefixes whose bound is at most `up_to`, lowest bound first.

    Longer prefixes have no lower peak than `up_to`, so none of them would spare looking at these.
    """
    while waiting and waiting[0].least <= up_to:
        prefix = heapq.heappop(waiting)
        if prefix[:2] < best[:2]:
            limit = best.peak + (prefix.length < best.length)
            best = _best_grid(stages.stage(prefix), limit) or best
    return best


def _best_grid(stage: Stage, limit: int) -> Choice | None:
    """The grid with the smallest peak below `limit`, then with the fewest added MACs."""
    best: tuple[int, tuple[int, int]] | None = None
    too_large: list[tuple[int, int]] = []
    for grid in stage.grids():
        most = limit - 1 if best is None else best[0]
        if stage.bound(*grid) > most or any(_is_coarser(grid, finer) for finer in too_large):
            continue
        peak = max(stage.peak(*grid), stage.rest)
        if peak > most:
            too_large.append(grid)
            continue
        if best is None or peak < best[0] or stage.added_macs(*grid) < stage.added_macs(*best[1]):
            best = peak, grid
        if peak == stage.rest:
            # What follows needs this much anyway: the grid with the fewest MACs that keeps within it.
            cheap = sorted((stage.added_macs(*other), other) for other in stage.grids())
            grid = next(other for _, other in cheap if stage.peak(*other) <= stage.rest)
            return Choice(peak, stage.length, stage, grid)
    return None if best is None else Choice(best[0], stage.length, stage, best[1])


def _is_coarser(grid: tuple[int, int], finer: tuple[int, int]) -> bool:
    """Whether each patch of `grid` is made of whole patches of `finer`, and so needs no less."""
    return finer[0] % grid[0] == 0 and finer[1] % grid[1] == 0


def patch_trade(
    graph: Graph, *, most_patches: int = MOST_PATCHES, streams_input: bool = False
) -> tuple[PatchOption, ...]:
    """Every stage and grid of a fused graph: RAM against added MACs; the first row is one whole patch.

    In the order of the stages' lengths, then of rows and columns. Bytes are sums of live buffers,
    which `patched` then places.
    """
    stages = Stages(graph, most_patches=most_patches, streams_input=streams_input)
    peak = max(stages.live)
    whole = PatchOption(
        operators=0,
        last=INPUT,
        rows=1,
        columns=1,
        peak_bytes=peak,
        stage_bytes=0,
        rest_bytes=peak,
        added_macs=0,
    )
    return (
        whole,
        *(stage.option(rows, columns) for stage in stages for rows, columns in stage.grids()),
    )


def patch_front(trade: Sequence[PatchOption]) -> tuple[PatchOption, ...]:
    """The options of a trade that no other beats in both RAM and added MACs, by rising MACs."""
    front: list[PatchOption] = []
    for option in sorted(trade, key=lambda option: (option.added_macs, option.peak_bytes)):
        if not front or option.peak_bytes < front[-1].peak_bytes:
            front.append(option)
    return tuple(front)
