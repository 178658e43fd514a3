"""What a child process is asked to run, and what it answers; plain data.

Running is in `verify.process` (this side) and `verify.child` (the other side).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

Runtime = Literal["tflm", "litert"]
Kernels = Literal["reference", "optimized", "xnnpack"]
Feed = Literal["raw", "minus128", "unit", "signed_unit"]

KERNELS: tuple[Kernels, ...] = ("optimized", "reference", "xnnpack")
"""LiteRT's kernels: fast, plain, and those of its default delegate. Only the plain ones are exact."""

FEEDS: tuple[Feed, ...] = ("raw", "minus128", "unit", "signed_unit")
"""How a pixel p becomes the input's value: p, p − 128, p / 255, p / 127.5 − 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """One model and its images.

    `images` is (N, height, width, channels), int8 as the input tensor takes it or uint8 pixels;
    `feed` turns each into the input's value (`raw`: as it is), which is then quantized by the
    input's own scale where the input is an integer and the value is not. `tensors` are indices of
    tensors to return for the first `tensor_images` images. `kernels` is for LiteRT only;
    `measure_arena` for TFLM only.
    """

    content: bytes
    images: npt.NDArray[Any]
    feed: Feed = "raw"
    tensors: tuple[int, ...] = ()
    tensor_images: int = 0
    kernels: Kernels = "reference"
    measure_arena: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaUse:
    """TFLM's tensor arena after a run, in bytes: head (activations), tail (persistent), total."""

    total_bytes: int
    head_bytes: int
    tail_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """Outputs (N, …) as the runtime stores them, the tensors asked for, and the arena's use."""

    outputs: npt.NDArray[Any]
    tensors: Mapping[int, npt.NDArray[Any]] = field(default_factory=dict)
    arena: ArenaUse | None = None
