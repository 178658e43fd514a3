"""What a run has to work with: the board and its budget, the photos, the costed candidates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wakeling.boards import Board, load_board
from wakeling.cost import Budget, describe
from wakeling.cost.latency import engines_for
from wakeling.data import PhotoSet, open_photos
from wakeling.errors import DoesNotFitError, WakelingError, unknown_name
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.request import DesignRequest
from wakeling.search import (
    Candidate,
    CostedCandidate,
    closest,
    cost_all,
    enumerate_candidates,
    pareto_by_cost,
    shortlist,
)
from wakeling.search.budget_domain import BudgetDomain
from wakeling.search.space import Point, Space
from wakeling.search.strategies import SCORE
from wakeling.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Everything that is known before anything trains; `space` is what is searched.

    Of a grid, `costed` holds every candidate, `front` those worth a look and `ranked` the most
    promising first; they are empty for a larger space, which is sampled instead.
    """

    request: DesignRequest
    space: Space
    board: Board
    budget: Budget
    photos: PhotoSet
    costed: tuple[CostedCandidate, ...]
    front: tuple[CostedCandidate, ...]
    ranked: tuple[CostedCandidate, ...]

    def at(self, point: Point) -> CostedCandidate:
        """The candidate at a point of the space, with its cost."""
        return cost_all((Candidate(space=self.space, point=point),), self.budget)[0]

    def candidate(self, name: str) -> CostedCandidate:
        """The costed candidate of a grid by its name."""
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
        macs=request.macs,
        frame_us=math.ceil(1000 * request.frame_ms) if engines_for(board) else None,
        energy_uj=request.energy_uj,
        board=board,
        runtime=request.runtime,
    )


def prepare(request: DesignRequest, listener: Listener) -> Setting:
    """Read the board and the photos and see what of the space fits; trains and writes nothing.

    Every candidate of a grid is costed; a larger space is sampled. Raises DoesNotFitError, naming
    the closest candidate and what it lacks, where nothing fits.
    """
    board = load_board(request.board)
    budget = budget_for(board, request)
    check_judge(request)
    costed: tuple[CostedCandidate, ...] = ()
    front: tuple[CostedCandidate, ...] = ()
    if request.staged is None:
        listener.stage(f"Cost of every candidate on {board.title}")
        costed, front = _cost_grid(request, budget, board, listener)
    else:
        listener.stage(f"Networks of the space {request.staged.name} on {board.title}")
        domain = BudgetDomain(request.staged, budget)
        costs = domain.costs(domain.sample(np.random.default_rng(request.seed)))
        for objective in request.objectives[1:]:
            if objective not in costs:
                raise WakelingError(unknown_name("objective", objective, (SCORE, *costs)))
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
        space=request.staged or request.space,
        board=board,
        budget=budget,
        photos=photos,
        costed=costed,
        front=front,
        ranked=shortlist(front, len(front)),
    )


def check_judge(request: DesignRequest) -> None:
    """Raise WakelingError for a judge that is unknown, or that needs a space where there is none."""
    from wakeling.training_free import SCORES

    known = ("training", "supernet", *SCORES)
    if request.evaluator not in known:
        raise WakelingError(unknown_name("evaluator", request.evaluator, known))
    if request.staged is None and request.evaluator == "supernet":
        raise WakelingError("a supernet shares the weights of a space; name one, for example --space tiny")
    if request.objectives[:1] != (SCORE,) or len(set(request.objectives)) != len(request.objectives):
        raise WakelingError(
            f"--objectives is {','.join(request.objectives)}; give score first, then costs such as "
            "ram_bytes, each once"
        )
    if request.staged is None and len(request.objectives) > 1:
        raise WakelingError("several objectives need a space; name one, for example --space tiny")


def _cost_grid(
    request: DesignRequest, budget: Budget, board: Board, listener: Listener
) -> tuple[tuple[CostedCandidate, ...], tuple[CostedCandidate, ...]]:
    """Every candidate with its cost, and those that fit and are worth a look."""
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
    return costed, front


def _nothing_fits(costed: tuple[CostedCandidate, ...], board: Board) -> str:
    best = closest(costed)
    lacks = "; ".join(describe(violation) for violation in best.violations)
    return (
        f"none of {len(costed)} networks fits {board.name}; closest is {best.candidate.name}: {lacks}; "
        "allow more time per frame (--frame-ms), a smaller reserve, or smaller values in the grid"
    )
