"""From costed candidates to a plan: measured arenas, measured speeds, epochs that fit the time."""

from __future__ import annotations

import dataclasses
import time

from wakeling.errors import DoesNotFitError
from wakeling.pipeline.arena import arena_before_training
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.plan import (
    SEARCH_SHARE,
    Finalist,
    Plan,
    choose_epochs,
    choose_search,
    halving_trainings,
    search_seconds,
    winner_seconds,
)
from wakeling.pipeline.request import DesignRequest
from wakeling.pipeline.setting import Setting
from wakeling.search import CostedCandidate
from wakeling.search.trial import Rung
from wakeling.spec import Network, lower
from wakeling.train import Recipe
from wakeling.units import format_bytes

MOST_FINALISTS = 12
"""More are never trained; the plan takes fewer where the time is short."""

READING_SHARE = 0.9
"""Speed with reading photos and validating, as a share of the trial's speed on noise."""


def make_plan(setting: Setting, train_images: int, listener: Listener) -> Plan:
    """Choose who trains and for how long. Measures arenas and training speeds; trains nothing.

    Raises DoesNotFitError where TFLM's arena is too large for every candidate of a grid.
    """
    from wakeling.train.threads import choose_threads

    request = setting.request
    chosen = _with_arena(setting, request.finalists or MOST_FINALISTS, listener)
    first = lower(chosen[0][0].candidate.network())
    threads = request.threads or choose_threads(first).threads
    listener.note(f"training on {threads} thread{'s' if threads > 1 else ''}")
    listener.stage("Training speed of the finalists")
    finalists = []
    for number, (item, arena) in enumerate(chosen, start=1):
        speed = speed_of(item.candidate.network(), threads)
        finalists.append(Finalist(candidate=item.candidate.name, images_per_second=speed, arena_bytes=arena))
        listener.progress("speeds", number, len(chosen))
    return _spend(setting, tuple(finalists), threads, train_images)


def speed_of(network: Network, threads: int) -> float:
    """Images per second that a network trains at, measured for about a second."""
    from wakeling.train.threads import training_speed

    speed = training_speed(lower(network), threads, Recipe().batch_size, 1.0, time.perf_counter)
    return round(READING_SHARE * speed, 1)


def _spend(setting: Setting, finalists: tuple[Finalist, ...], threads: int, train_images: int) -> Plan:
    """The plan for these finalists: what the request fixes, and the rest by the time it allows."""
    request = setting.request
    seconds = request.minutes * 60
    if request.rung_epochs is not None:
        epochs = request.rung_epochs
    elif request.finalists is not None and len(finalists) > 1:
        epochs = (1, 3)
    else:
        finalists, epochs = choose_search(
            finalists, seconds=SEARCH_SHARE * seconds, train_images=train_images
        )
    searching = search_seconds(finalists, epochs, train_images)
    left = max(seconds - searching, 0.0)
    finalists = tuple(_with_epochs(finalist, request, left, train_images) for finalist in finalists)
    final = max(winner_seconds(finalist, train_images) for finalist in finalists)
    return Plan(
        finalists=finalists,
        rungs=rungs_of(request, epochs),
        trainings=request.trainings or halving_trainings(len(finalists), epochs),
        threads=threads,
        train_images=train_images,
        search_minutes=round(searching / 60, 1),
        estimated_minutes=round((searching + final) / 60, 1),
    )


def rungs_of(request: DesignRequest, epochs: tuple[int, ...]) -> tuple[Rung, ...]:
    """The rungs for these epochs, at the shares of resolution that the request names."""
    shares = request.rung_resolutions or (1.0,) * len(epochs)
    return tuple(
        Rung(epochs=count, resolution_share=share) for count, share in zip(epochs, shares, strict=True)
    )


def _with_epochs(finalist: Finalist, request: DesignRequest, seconds: float, train_images: int) -> Finalist:
    """The finalist with the epochs that it would train as the winner."""
    epochs, quantized = winner_epochs(request, finalist.images_per_second, seconds, train_images)
    return dataclasses.replace(finalist, epochs=epochs, quantization_epochs=quantized)


def winner_epochs(
    request: DesignRequest, images_per_second: float, seconds: float, train_images: int
) -> tuple[int, int]:
    """Float and quantized epochs of a winner: what the request fixes, else what fits `seconds`."""
    planned, quantized = choose_epochs(
        seconds=seconds, images_per_second=images_per_second, train_images=train_images
    )
    return (
        request.epochs or planned,
        quantized if request.quantization_epochs is None else request.quantization_epochs,
    )


def _with_arena(
    setting: Setting, wanted: int, listener: Listener
) -> list[tuple[CostedCandidate, int | None]]:
    """The most promising candidates whose measured arena fits too."""
    listener.stage("TFLM's arena of the most promising")
    chosen: list[tuple[CostedCandidate, int | None]] = []
    smallest: tuple[int, str] | None = None
    for item in setting.ranked:
        if len(chosen) == wanted:
            break
        graph = lower(item.candidate.network())
        arena = arena_before_training(graph, setting.photos.labels)
        if arena is None or setting.budget.runtime != "tflm" or arena <= setting.budget.ram_bytes:
            chosen.append((item, arena))
            listener.progress("arenas", len(chosen), wanted)
        elif smallest is None or arena < smallest[0]:
            smallest = (arena, item.candidate.name)
    if not chosen and smallest is not None:
        raise DoesNotFitError(
            f"no network fits {setting.board.name} under TensorFlow Lite Micro; closest is {smallest[1]}, "
            f"whose arena takes {format_bytes(smallest[0])} of {format_bytes(setting.budget.ram_bytes)}"
        )
    return chosen
