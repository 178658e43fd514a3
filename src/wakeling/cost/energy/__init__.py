"""Energy of an inference, battery life, and false alarms a day: closed forms over latency and power."""

from __future__ import annotations

from wakeling.cost.energy.alarms import FalseAlarms, false_alarms
from wakeling.cost.energy.battery import (
    SECONDS_PER_DAY,
    USABLE,
    Battery,
    Duty,
    Life,
    batteries,
    battery_life,
    load_battery,
)
from wakeling.cost.energy.inference import POWER_SPREAD, active_power, inference_energy
from wakeling.cost.energy.interval import Interval

__all__ = [
    "POWER_SPREAD",
    "SECONDS_PER_DAY",
    "USABLE",
    "Battery",
    "Duty",
    "FalseAlarms",
    "Interval",
    "Life",
    "active_power",
    "batteries",
    "battery_life",
    "false_alarms",
    "inference_energy",
    "load_battery",
]
