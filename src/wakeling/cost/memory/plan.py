"""What a memory planner answers: buffers with lifetimes and offsets, and their sum over time.

Plain data. How each runtime plans is in the other files of this package, one planner a file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

BufferKind = Literal["tensor", "scratch", "persistent"]


class Lifetime(NamedTuple):
    """A piece of memory that is held from step `first` to step `last`, both included.

    A step is one operator, in the order in which the plan runs them. A tensor is held from the
    operator that makes it (0 for the network's input) to the one that reads it last (the final
    operator for the network's output). `offset_bytes` is where it starts in the arena; None where
    a planner places nothing. `tensors` names all that live here one after the other, where an
    operator works in place; empty: just the tensor called `name`. `kind` tells a tensor from what a
    kernel needs while it runs (`scratch`) and from what a runtime keeps for good (`persistent`).

    A tuple and no dataclass, since a search makes some hundred thousand of them a second.
    """

    name: str
    size_bytes: int
    first: int
    last: int
    offset_bytes: int | None = None
    kind: BufferKind = "tensor"
    tensors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchOption:
    """The first `operators` operators run once for each of `rows` × `columns` patches.

    `last` is the last of them; the tensor that it makes is put together from the patches.
    `stage_bytes` and `rest_bytes` are the peaks of the patches and of what follows, `peak_bytes` the
    larger one; `added_macs` is what the patches compute more than once.
    """

    operators: int
    last: str
    rows: int
    columns: int
    peak_bytes: int
    stage_bytes: int
    rest_bytes: int
    added_macs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """What a runtime holds over time.

    `live_bytes[i]` is held while step `i` runs; `buffers` says what that is. `peak_bytes` is the size
    of the arena: the largest of `live_bytes`, and more where a planner leaves gaps between buffers.
    `parts` splits it, in bytes. `order` names the operators as they are run, where that is not the
    graph's own order. `lower_bound_bytes` is what no plan by the same rules can go below, where the
    planner knows it. `patch` is how a patched plan splits the network.
    """

    runtime: str
    peak_bytes: int
    live_bytes: tuple[int, ...]
    buffers: tuple[Lifetime, ...]
    parts: Mapping[str, int] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    lower_bound_bytes: int | None = None
    patch: PatchOption | None = None

    @property
    def peak_step(self) -> int:
        """The first step that holds the most."""
        return self.live_bytes.index(max(self.live_bytes))

    @property
    def is_optimal(self) -> bool:
        """Whether the plan is proved to be the smallest by its own rules."""
        return self.peak_bytes == self.lower_bound_bytes

    @property
    def offsets(self) -> Mapping[str, int]:
        """Where each tensor and each scratch buffer starts; empty where a planner places nothing."""
        return {
            name: buffer.offset_bytes
            for buffer in self.buffers
            if buffer.offset_bytes is not None
            for name in buffer.tensors or (buffer.name,)
        }


def live_at(plan: MemoryPlan, step: int) -> tuple[Lifetime, ...]:
    """The buffers that are held while step `step` runs."""
    return tuple(buffer for buffer in plan.buffers if buffer.first <= step <= buffer.last)


def live_bytes(held: Iterable[tuple[int, int, int]], steps: int) -> tuple[int, ...]:
    """The sum at each of `steps` steps of what is held: (bytes, first step, last step)."""
    change = [0] * (steps + 1)
    for size, first, last in held:
        change[first] += size
        change[last + 1] -= size
    return tuple(itertools.accumulate(change[:-1]))


def parts_at_peak(buffers: Iterable[Lifetime], live: Sequence[int], peak_bytes: int) -> dict[str, int]:
    """The arena by what fills it at the fullest step; `gaps` is what lies unused between buffers."""
    step = live.index(max(live))
    parts = {"tensors": 0, "scratch": 0, "persistent": 0}
    for _, size, first, last, _, kind, _ in buffers:
        if first <= step <= last:
            parts["tensors" if kind == "tensor" else kind] += size
    parts["gaps"] = peak_bytes - live[step]
    return {name: size for name, size in parts.items() if size or name == "tensors"}
