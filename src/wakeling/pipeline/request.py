"""What the user asked for, exactly enough to repeat the run."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from wakeling.codec import decode, encode
from wakeling.cost import PLANNERS
from wakeling.errors import RunError, WakelingError, unknown_name
from wakeling.search import STRATEGIES
from wakeling.search.space import GridSpace, StagedSpace


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignRequest:
    """One design run.

    `data` is a folder, a manifest, an annotation file or `scenes`; `board` a name or a TOML file.
    `minutes` is the training time that the plan aims at; `frame_ms` the longest time per frame;
    `reserve_*_bytes` is what stays free for the stack and the user's own code; `macs` and
    `energy_uj` limit an inference further. `runtime` says whose RAM is held against the board's.

    What is searched is the grid `space`, or `staged` where that is given. `strategy` None takes the
    usual one of either; `optimize_space` narrows a
    space first; `evaluator` is `training`, `supernet` or the name of a training-free score.
    `trainings` is the work of the search in full short trainings. `rung_epochs`,
    `rung_resolutions`, `epochs`, `quantization_epochs`, `finalists` and `threads` override the
    plan (None: planned).
    """

    data: str
    board: str
    wake_word: str = "person"
    area_threshold: float = 0.005
    reader: str | None = None
    minutes: float = 30.0
    frame_ms: float = 1000.0
    reserve_ram_bytes: int = 16 * 1024
    reserve_flash_bytes: int = 32 * 1024
    macs: int | None = None
    energy_uj: int | None = None
    runtime: str = "tflm"
    space: GridSpace = field(default_factory=GridSpace)
    staged: StagedSpace | None = None
    optimize_space: bool = False
    strategy: str | None = None
    evaluator: str = "training"
    trainings: int | None = None
    objectives: tuple[str, ...] = ("score",)
    finalists: int | None = None
    rung_epochs: tuple[int, ...] | None = None
    rung_resolutions: tuple[float, ...] | None = None
    epochs: int | None = None
    quantization_epochs: int | None = None
    threads: int | None = None
    verify_images: int = 256
    seed: int = 1

    def __post_init__(self) -> None:
        _check_range("--minutes", self.minutes, 0.1, 60 * 24 * 30)
        _check_range("--frame-ms", self.frame_ms, 0.1, 3_600_000)
        _check_range("--area-threshold", self.area_threshold, 0.0, 1.0)
        _check_range("--reserve-ram", self.reserve_ram_bytes, 0, 2**40)
        _check_range("--reserve-flash", self.reserve_flash_bytes, 0, 2**40)
        _check_range("--verify-images", self.verify_images, 1, 100_000)
        _check_range("--seed", self.seed, 0, 2**31 - 1)
        for name in ("finalists", "epochs", "threads", "trainings"):
            value = getattr(self, name)
            if value is not None:
                _check_range(f"--{name}", value, 1, 100_000)
        if self.quantization_epochs is not None:
            _check_range("--quantization-epochs", self.quantization_epochs, 0, 100_000)
        if self.rung_epochs is not None and (
            not self.rung_epochs
            or min(self.rung_epochs) < 1
            or list(self.rung_epochs) != sorted(self.rung_epochs)
        ):
            raise WakelingError(
                f"--rung-epochs is {self.rung_epochs}; give growing whole numbers, for example 1,3"
            )
        shares = self.rung_resolutions
        if shares is not None and (
            len(shares) != len(self.rung_epochs or ())
            or not all(0.25 <= share <= 1 for share in shares)
            or list(shares) != sorted(shares)
        ):
            raise WakelingError(
                f"--rung-resolutions is {shares}; give one growing share from 0.25 to 1 for each of "
                "--rung-epochs, for example 0.5,1"
            )
        if self.strategy is not None and self.strategy not in STRATEGIES:
            raise WakelingError(unknown_name("strategy", self.strategy, STRATEGIES))
        for name, value in (("--macs", self.macs), ("--energy-uj", self.energy_uj)):
            if value is not None:
                _check_range(name, value, 1, 10**15)
        if self.runtime not in PLANNERS:
            raise WakelingError(unknown_name("runtime", self.runtime, PLANNERS))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        value = encode(self, "request")
        assert isinstance(value, dict)
        return value


def from_json(value: Any) -> DesignRequest:
    """The inverse of `DesignRequest.to_json`; raises RunError for anything else."""
    request = decode(DesignRequest, value, "request")
    assert isinstance(request, DesignRequest)
    return request


def check_same(old: DesignRequest, new: DesignRequest) -> None:
    """Raise RunError, naming what differs, where a run cannot go on under another request."""
    for entry in fields(DesignRequest):
        before, after = getattr(old, entry.name), getattr(new, entry.name)
        if before != after:
            raise RunError(
                f"this folder holds a run with {entry.name} = {before!r}, and now {after!r} is asked for; "
                "repeat the first command with --resume, or give another --out"
            )


def _check_range(option: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise WakelingError(f"{option} is {value}; allowed: {low:g} to {high:g}")
