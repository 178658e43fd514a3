"""The engines that times are known for, and where each of them runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.boards import Board
from wakeling.errors import LatencyError, unknown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine's title and its cores; `chips` are the beginnings of the chips' names (none: any).

    `runs_float` says that it also runs networks that are not quantized.
    """

    title: str
    cores: tuple[str, ...]
    chips: tuple[str, ...] = ()
    runs_float: bool = False
    remark: str = ""


_ARM = ("Cortex-M0+", "Cortex-M4", "Cortex-M7", "Cortex-M33", "Cortex-M55", "Cortex-M85")
_PLAIN_ARM = _ARM[:4]

ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        "tflm-cmsis-nn": Engine(
            title="TensorFlow Lite Micro with CMSIS-NN",
            cores=_ARM,
            runs_float=True,
            remark="times are of 2021; instructions of today's version, emulated",
        ),
        "esp-nn": Engine(title="TensorFlow Lite Micro with ESP-NN", cores=("Xtensa LX6", "Xtensa LX7")),
        "wakeling-c": Engine(
            title="wakeling's own C",
            cores=_ARM,
            remark="from its instructions on emulated cores: no time on a board is known yet",
        ),
        "x-cube-ai": Engine(title="ST's X-CUBE-AI", cores=_PLAIN_ARM, chips=("STM32",)),
        "plumerai": Engine(title="Plumerai", cores=_PLAIN_ARM[1:]),
        "tinyengine": Engine(title="TinyEngine", cores=("Cortex-M4", "Cortex-M7")),
        "bosch-hale": Engine(title="Bosch HALE", cores=_PLAIN_ARM),
        "renesas": Engine(
            title="Renesas' submissions to MLPerf Tiny",
            cores=("Cortex-M33", "Cortex-M85"),
            chips=("RA",),
        ),
        "microtvm-cmsis-nn": Engine(title="microTVM with CMSIS-NN", cores=_PLAIN_ARM[1:]),
        "microtvm": Engine(title="microTVM", cores=_PLAIN_ARM[1:]),
        "tflm-reference": Engine(
            title="TensorFlow Lite Micro with reference kernels", cores=_ARM, runs_float=True
        ),
    }
)
"""Every engine, the one that a board gets unless another is named first."""

FLOAT_ENGINE = "tflm-reference"
"""Float32 runs in TensorFlow Lite Micro's reference kernels: CMSIS-NN has integers only."""


def core_of(board: Board) -> str:
    """The core that runs a network: without its F for floating point, without an accelerator beside it."""
    core = board.core.partition(" + ")[0]
    return core.removesuffix("F") if core.startswith("Cortex-M") else core


OWN_C = "wakeling-c"
"""The engine that is our own C."""


def engines_for(board: Board) -> tuple[str, ...]:
    """The engines that run on the board, the usual one first; empty where no time is known."""
    core = core_of(board)
    return tuple(
        name
        for name, engine in ENGINES.items()
        if core in engine.cores and (not engine.chips or board.chip.startswith(engine.chips))
    )


def engine_of(board: Board, runtime: str) -> str | None:
    """The engine whose time a network takes under a memory plan: our C's for our C's plans.

    None (the board's usual one) for other plans, and where no time of our C is known.
    """
    is_own = runtime in ("wakeling-c", "patched") and OWN_C in engines_for(board)
    return OWN_C if is_own else None


def choose_engine(board: Board, name: str | None) -> str:
    """The engine `name`, or the board's usual one; raises LatencyError in one line."""
    offered = engines_for(board)
    if name is not None and name not in ENGINES:
        raise LatencyError(
            unknown_name("engine", name, offered or ENGINES, "or give a calibrated .toml file")
        )
    if not offered:
        known = sorted({core for engine in ENGINES.values() for core in engine.cores})
        raise LatencyError(
            f"no published time is known for {board.core} ({board.name}), only for {', '.join(known)}; "
            "measure one network and run `wakeling calibrate`"
        )
    if name is not None and name not in offered:
        raise LatencyError(
            f"no time is known of {name} on {board.core} ({board.name}); known there: {', '.join(offered)}"
        )
    return offered[0] if name is None else name
