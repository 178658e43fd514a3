"""The search and the chosen network, as the report shows them: plain frozen data.

Sizes are bytes; None means "not measured" or "never trained".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Knob = str | int | float | bool
CandidateStatus = Literal["infeasible", "dominated", "pareto", "tried", "promoted", "winner"]
Stage = Literal["float", "int8"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One network of the search; `parameters` are deployed ones, `ram_bytes` by liveness.

    `balanced_accuracy` is the best on val, None if it never trained; `reason` says in a few
    words why the search left it at its `status`.
    """

    name: str
    family: str
    knobs: Mapping[str, Knob]
    macs: int
    parameters: int
    ram_bytes: int
    flash_bytes: int
    status: CandidateStatus
    balanced_accuracy: float | None = None
    epochs: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One operator of the chosen network as deployed; `ram_bytes` is live while it runs."""

    name: str
    operator: str
    output_shape: tuple[int, ...]
    macs: int
    parameters: int
    ram_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTensor:
    """A tensor that is in RAM during a step."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStep:
    """What is in RAM while `layer` runs."""

    layer: str
    tensors: tuple[LiveTensor, ...]

    @property
    def total_bytes(self) -> int:
        """The sum of the live tensors."""
        return sum(tensor.size_bytes for tensor in self.tensors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """RAM over time by one runtime's plan, against the board's limit."""

    runtime: str
    limit_bytes: int
    steps: tuple[MemoryStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenNetwork:
    """The network that the verdict is about (the closest one where nothing fits)."""

    name: str
    family: str
    knobs: Mapping[str, Knob]
    input_shape: tuple[int, ...]
    macs: int
    training_parameters: int
    deployed_parameters: int
    layers: tuple[Layer, ...]
    memory: Memory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One epoch of the winner's training; accuracies are None where they were not measured."""

    epoch: int
    stage: Stage
    loss: float
    train_accuracy: float | None = None
    val_balanced_accuracy: float | None = None
