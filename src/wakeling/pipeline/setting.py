"""What a run has to work with: the board and its budget, the photos, the costed candidates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wakeling.boards import Board, load_board
from wakeling.cost import Budget, describe
from wakeling.cost.latency import engines_for
from wakeling.data import PhotoSet, open_photos
from wakeling.errors import DoesNotFitError, WakelingError
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.request import DesignRequest
from wakeling.search import (
    CostedCandidate,
    closest,
    cost_all,
    enumerate_candidates,
    pareto_by_cost,
    shortlist,
)
from wakeling.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that is known before anything trains; `ranked` has the most promising first."""

    request: DesignRequest
    board: Board
    budget: Budget
    photos: PhotoSet
    costed: tuple[CostedCandidate, ...]
    front: tuple[CostedCandidate, ...]
    ranked: tuple[CostedCandidate, ...]

    def candidate(self, name: str) -> CostedCandidate:
        """The costed candidate of that name."""
        return next(item for item in self.costed if item.candidate.name == name)


def budget_for(board: Board, request: DesignRequest) -> Budget:
    """What the board leaves to the network: its memory less the reserve, and the time of a frame.

    A board whose core no time is known for has no limit of time. Raises WakelingError where the
    reserve is all that the board has.
    """
    for what, has, reserve in (
        ("RAM", board.ram_bytes, request.reserve_ram_bytes),
        ("flash", board.flash_bytes, request.reserve_flash_bytes),
    ):
        if reserve >= has:
            raise WakelingError(
                f"the reserve of {format_bytes(reserve)} {what} is all that {board.name} has "
                f"({format_bytes(has)}); give a smaller --reserve-{what.lower()}"
            )
    return Budget(
        ram_bytes=board.ram_bytes - request.reserve_ram_bytes,
        flash_bytes=board.flash_bytes - request.reserve_flash_bytes,
        frame_us=math.ceil(1000 * request.frame_ms) if engines_for(board) else None,
        board=board,
        runtime="tflm",
    )


def prepare(request: DesignRequest, listener: Listener) -> Setting:
    """Read the board and the photos and cost every candidate; trains and writes nothing.

    Raises DoesNotFitError, naming the closest candidate and what it lacks, where nothing fits.
    """
    board = load_board(request.board)
    budget = budget_for(board, request)
    listener.stage(f"Cost of every candidate on {board.title}")
    candidates = enumerate_candidates(request.space)
    done = iter(range(1, len(candidates) + 1))
    costed = cost_all(
        candidates, budget, lambda: listener.progress("candidates", next(done), len(candidates))
    )
    front = pareto_by_cost(costed)
    if not front:
        raise DoesNotFitError(_nothing_fits(costed, board))
    fitting = sum(item.fits for item in costed)
    listener.note(f"{len(costed)} networks, {fitting} fit, {len(front)} are worth a look")
    listener.stage(f"Photos: {request.data}")
    photos = open_photos(
        request.data,
        wake_word=request.wake_word,
        area_threshold=request.area_threshold,
        reader=request.reader,
        progress=lambda done, total: listener.progress("photos read", done, total),
    )
    return Setting(
        request=request,
        board=board,
        budget=budget,
        photos=photos,
        costed=costed,
        front=front,
        ranked=shortlist(front, len(front)),
    )


def _nothing_fits(costed: tuple[CostedCandidate, ...], board: Board) -> str:
    best = closest(costed)
    lacks = "; ".join(describe(violation) for violation in best.violations)
    return (
        f"none of {len(costed)} networks fits {board.name}; closest is {best.candidate.name}: {lacks}; "
        "allow more time per frame (--frame-ms), a smaller reserve, or smaller values in the grid"
    )
