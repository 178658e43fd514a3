"""How many MACs a board can do in a frame: a first, deliberately coarse model of latency.

Each core has one published figure of cycles per MAC for an interpreter with tuned kernels, with
the range seen across networks and engines. It sizes the search; it promises no frame rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class CyclesPerMac:
    """Clock cycles per multiply-accumulate: the value used, the range published, the source."""

    typical: float
    low: float
    high: float
    source: str


CYCLES_PER_MAC: Mapping[str, CyclesPerMac] = MappingProxyType(
    {
        "Cortex-M0+": CyclesPerMac(
            typical=12.1,
            low=12.1,
            high=12.1,
            source="MLPerf Tiny v1.2, Bosch HALE on STM32G0B1, MobileNetV1 0.25 96x96x3",
        ),
        "Cortex-M4F": CyclesPerMac(
            typical=6.39,
            low=4.82,
            high=12.3,
            source="Banbury et al. 2021 table 4 (TFLM + CMSIS-NN, person detection); low: MLPerf Tiny, "
            "microTVM + CMSIS-NN; high: the same table, MicroNet-VWW-2",
        ),
        "Cortex-M7F": CyclesPerMac(
            typical=3.60,
            low=3.26,
            high=6.44,
            source="Banbury et al. 2021 table 4 (TFLM + CMSIS-NN, MicroNet-VWW-1, person detection, VWW-2)",
        ),
        "Cortex-M33F": CyclesPerMac(
            typical=4.34,
            low=3.97,
            high=4.34,
            source="MLPerf Tiny: Renesas RA6M4 at 200 MHz, microTVM on nRF5340 at 128 MHz",
        ),
        "Cortex-M85": CyclesPerMac(
            typical=0.86, low=0.86, high=0.86, source="MLPerf Tiny: Renesas RA8D1 at 480 MHz"
        ),
        "Xtensa LX6": CyclesPerMac(
            typical=12.7, low=12.7, high=12.7, source="esp-nn README, ESP32, TFLM person detection"
        ),
        "Xtensa LX7": CyclesPerMac(
            typical=1.81, low=1.81, high=14.6, source="esp-nn README, ESP32-S3; high: MCUNetESP, mcunet-vww2"
        ),
    }
)
"""Published cycles per MAC by core; a core that is not here has no figure and gets no MAC limit."""


def macs_in_frame(core: str, clock_hz: int, frame_ms: float) -> int | None:
    """MACs that `core` does at `clock_hz` within `frame_ms`; None where no figure is published."""
    cycles = CYCLES_PER_MAC.get(core)
    return None if cycles is None else int(clock_hz * frame_ms / 1000 / cycles.typical)


def frame_ms_range(core: str, clock_hz: int, macs: int) -> tuple[float, float, float] | None:
    """Milliseconds for `macs` (typical, low, high), or None where no figure is published."""
    cycles = CYCLES_PER_MAC.get(core)
    if cycles is None:
        return None
    typical, low, high = (
        macs * value * 1000 / clock_hz for value in (cycles.typical, cycles.low, cycles.high)
    )
    return typical, low, high
