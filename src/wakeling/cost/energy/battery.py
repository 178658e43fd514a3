"""How long a battery lasts a device that looks at so many frames a day and sleeps in between."""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from wakeling.cost.energy.interval import Interval
from wakeling.cost.latency import Latency
from wakeling.errors import DoesNotFitError, WakelingError, unknown_name

SECONDS_PER_DAY = 86_400

USABLE = 0.8
"""Share of a battery's nominal capacity that is counted on: cold, age and pulses take the rest (a guess)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """A battery: nominal capacity in mAh at `volts`, of which `usable` (0 to 1) is counted on.

    `max_ma` is the largest current that it is meant to give, where known.
    """

    name: str
    title: str
    capacity_mah: float
    volts: float
    usable: float = USABLE
    max_ma: float | None = None
    source: str = "given by the user"

    def __post_init__(self) -> None:
        for what, value, limit in (
            ("capacity in mAh", self.capacity_mah, math.inf),
            ("voltage", self.volts, math.inf),
            ("usable share", self.usable, 1.0),
        ):
            if not 0 < value <= limit or math.isinf(value):
                top = f" and at most {limit:g}" if limit < math.inf else ""
                raise WakelingError(f"the battery's {what} is {value}; it must be above 0{top}")

    @property
    def energy_mwh(self) -> float:
        """Milliwatt-hours that are counted on: capacity × voltage × usable share."""
        return self.capacity_mah * self.volts * self.usable


@functools.cache
def batteries() -> Mapping[str, Battery]:
    """The batteries that are known by name, each with its source."""
    text = (resources.files("wakeling.cost.energy") / "batteries.csv").read_text(encoding="utf-8")
    return MappingProxyType(
        {
            row["name"]: Battery(
                name=row["name"],
                title=row["title"],
                capacity_mah=float(row["capacity_mah"]),
                volts=float(row["volts"]),
                max_ma=float(row["max_ma"]) if row["max_ma"] else None,
                source=row["source"],
            )
            for row in csv.DictReader(text.splitlines())
        }
    )


def load_battery(name: str) -> Battery:
    """A battery by its name; raises WakelingError that lists the known ones."""
    if name not in batteries():
        advice = "or give --battery-mah and --battery-volts"
        raise WakelingError(unknown_name("battery", name, batteries(), advice))
    return batteries()[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What a device does all day: frames, what a camera takes for each, its current asleep.

    `efficiency` (0 to 1) is that of the regulator between battery and chip while it is awake.
    """

    frames_per_day: float
    sleep_ua: float
    camera_mj: float = 0.0
    efficiency: float = 1.0

    def __post_init__(self) -> None:
        for what, value, least in (
            ("number of frames a day", self.frames_per_day, 0.0),
            ("sleep current in µA", self.sleep_ua, 0.0),
            ("camera's energy in mJ", self.camera_mj, 0.0),
        ):
            if not least <= value < math.inf:
                raise WakelingError(f"the {what} is {value}; it must be a number, at least 0")
        if not 0 < self.efficiency <= 1:
            raise WakelingError(f"the efficiency is {self.efficiency}; it must be above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """Average power drawn from the battery in milliwatts, its parts, and how many days it lasts.

    `busy` is the share of the day that the core computes. Days are infinite where nothing is drawn.
    """

    average_mw: Interval
    active_mw: float
    camera_mw: float
    sleep_mw: float
    busy: float
    days: Interval


def battery_life(latency: Latency, energy_mj: Interval, duty: Duty, battery: Battery) -> Life:
    """Days = usable energy ÷ (frames × (inference + camera) ÷ efficiency + sleep).

    Asleep is the rest of the day; the sleep current flows at the battery's voltage. Raises
    DoesNotFitError where the board cannot compute that many frames a day.
    """
    busy = duty.frames_per_day * latency.ms / 1000 / SECONDS_PER_DAY
    if busy > 1:
        most = SECONDS_PER_DAY * 1000 / latency.ms
        raise DoesNotFitError(
            f"{latency.board} needs {latency.ms:.4g} ms for a frame and does at most {most:,.0f} a day, "
            f"not {duty.frames_per_day:,.0f}"
        )
    per_frame = duty.frames_per_day / SECONDS_PER_DAY / duty.efficiency  # frames a second, at the battery
    sleep_mw = duty.sleep_ua * battery.volts / 1000 * (1 - busy)
    average = energy_mj.times(per_frame).plus(duty.camera_mj * per_frame + sleep_mw)
    return Life(
        average_mw=average,
        active_mw=energy_mj.value * per_frame,
        camera_mw=duty.camera_mj * per_frame,
        sleep_mw=sleep_mw,
        busy=busy,
        days=Interval(*(_days(battery, power) for power in (average.value, average.high, average.low))),
    )


def _days(battery: Battery, average_mw: float) -> float:
    return battery.energy_mwh / average_mw / 24 if average_mw else math.inf
