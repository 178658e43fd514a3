"""`wakeling battery`: energy of a frame, battery life and false alarms of a network on a board."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.network_choice import choose, engine_option, knob_options
from wakeling.cli.output import console, json_option, plot_option, plot_to, print_json
from wakeling.errors import WakelingError
from wakeling.units import format_digits

if TYPE_CHECKING:
    from wakeling.cost.energy import Battery, Duty, FalseAlarms, Interval, Life
    from wakeling.cost.latency import Latency
    from wakeling.cost.provenance import Provenance
    from wakeling.report.figures.picture import Picture

SHELF_DAYS = 10 * 365.25
"""Longer than a cell keeps its charge anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    latency: Latency
    power_mw: Interval
    power_origin: Provenance
    energy_mj: Interval
    duty: Duty
    battery: Battery
    life: Life
    alarms: FalseAlarms | None


@click.command("battery")
@click.argument("network")
@knob_options
@click.option("--board", required=True, help="A board's name or the path of its .toml file.")
@engine_option
@click.option("--battery", "battery_name", help="cr2032, cr2450, cr123a, aa-alkaline-2 or aa-lithium-2.")
@click.option("--battery-mah", type=float, help="Another battery's capacity in mAh.")
@click.option("--battery-volts", type=float, help="Its nominal voltage.")
@click.option("--usable", type=float, help="Share of the capacity that is counted on. [0.8]")
@click.option(
    "--frames-per-day", type=float, default=86_400, show_default=True, help="Pictures looked at in a day."
)
@click.option("--sleep-ua", type=float, required=True, help="Current of the whole device asleep, in µA.")
@click.option("--active-mw", type=float, help="Power while computing, in mW. [the board's, where measured]")
@click.option(
    "--camera-mj", type=float, default=0.0, show_default=True, help="Camera's energy for a picture, in mJ."
)
@click.option("--efficiency", type=float, default=1.0, show_default=True, help="The regulator's, 0 to 1.")
@click.option(
    "--false-positive-rate", type=float, help="Share of empty pictures that raise an alarm at your threshold."
)
@click.option("--negatives", type=int, help="How many empty pictures that rate was measured on.")
@click.option(
    "--base-rate", type=float, default=0.0, show_default=True, help="Share of pictures that hold a person."
)
@plot_option
@json_option
def command(
    network: str,
    alpha: float | None,
    resolution: int | None,
    channels: int | None,
    classes: int | None,
    depth: float | None,
    board: str,
    engine: str | None,
    battery_name: str | None,
    battery_mah: float | None,
    battery_volts: float | None,
    usable: float | None,
    frames_per_day: float,
    sleep_ua: float,
    active_mw: float | None,
    camera_mj: float,
    efficiency: float,
    false_positive_rate: float | None,
    negatives: int | None,
    base_rate: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """How long a battery lasts with NETWORK on a board, and how often it raises a false alarm.

    NETWORK is whatever `wakeling cost` takes. Energy of a frame is the board's power times the
    predicted time, and the camera's; asleep, the device draws its sleep current at the battery's
    voltage. The exit code is 1 where the board cannot compute that many frames in a day.
    """
    from wakeling import boards
    from wakeling.cost import energy
    from wakeling.cost.latency import latency

    cell = _battery(battery_name, battery_mah, battery_volts, usable)
    if negatives is not None and false_positive_rate is None:
        raise WakelingError("--negatives says on what --false-positive-rate was measured; give both")
    duty = energy.Duty(
        frames_per_day=frames_per_day, sleep_ua=sleep_ua, camera_mj=camera_mj, efficiency=efficiency
    )
    alarms = None
    if false_positive_rate is not None:
        alarms = energy.false_alarms(
            frames_per_day, false_positive_rate, base_rate=base_rate, negatives=negatives
        )
    target = boards.load_board(board)
    chosen = choose(
        network, alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth
    )
    time = latency(chosen.report(runtimes=()), target, engine)
    power, origin = energy.active_power(target, active_mw)
    joules = energy.inference_energy(time, power)
    answer = _Answer(
        latency=time,
        power_mw=power,
        power_origin=origin,
        energy_mj=joules,
        duty=duty,
        battery=cell,
        life=energy.battery_life(time, joules, duty, cell),
        alarms=alarms,
    )
    if as_json:
        print_json(_to_json(answer))
    else:
        _print(answer)
    plot_to(plot, lambda: _picture(answer))


def _battery(name: str | None, mah: float | None, volts: float | None, usable: float | None) -> Battery:
    """The battery that the options mean; raises WakelingError where they contradict or say too little."""
    from wakeling.cost.energy import USABLE, Battery, load_battery

    if (mah is None) != (volts is None):
        raise WakelingError("--battery-mah and --battery-volts belong together; give both")
    if (name is None) == (mah is None):
        raise WakelingError("give one battery: --battery NAME, or --battery-mah with --battery-volts")
    if name is not None:
        cell = load_battery(name)
        return cell if usable is None else dataclasses.replace(cell, usable=usable)
    assert mah is not None
    assert volts is not None
    return Battery(
        name="own",
        title=f"{mah:g} mAh at {volts:g} V",
        capacity_mah=mah,
        volts=volts,
        usable=USABLE if usable is None else usable,
    )


def _span(interval: Interval, unit: str) -> str:
    value, low, high = map(format_digits, (interval.value, interval.low, interval.high))
    return f"{value} {unit} ({low} to {high})"


def _print(answer: _Answer) -> None:
    out = console()
    time, life, cell = answer.latency, answer.life, answer.battery
    out.print(
        f"{time.network} on {time.board} with {time.engine}, {cell.title}", markup=False, soft_wrap=True
    )
    for title, figure, remark in _lines(answer):
        out.print(f"{title:<27}{figure:<33}{remark}".rstrip(), markup=False, soft_wrap=True)
    for remark in _remarks(answer):
        out.print(remark, markup=False, soft_wrap=True)
    if life.days.value > SHELF_DAYS:
        out.print("that is longer than a cell keeps: count on its shelf life", soft_wrap=True)


def _lines(answer: _Answer) -> Iterator[tuple[str, str, str]]:
    time, life, duty = answer.latency, answer.life, answer.duty
    origin = answer.power_origin
    span = f"{format_digits(time.ms)} ms ({format_digits(time.low_ms)} to {format_digits(time.high_ms)})"
    yield "time of an inference", span, time.provenance.kind
    yield "frames a second, at most", format_digits(time.frames_per_second), ""
    yield "power while computing", _span(answer.power_mw, "mW"), origin.kind
    yield "energy of an inference", _span(answer.energy_mj, "mJ"), "power × time"
    yield "busy", f"{100 * life.busy:.3g} % of the day", f"{duty.frames_per_day:,.0f} frames a day"
    parts = (
        f"computing {format_digits(life.active_mw)}, camera {format_digits(life.camera_mw)}, "
        f"asleep {format_digits(life.sleep_mw)}"
    )
    yield "average power", _span(life.average_mw, "mW"), parts
    yield "battery life", _span(life.days, "days"), f"{100 * answer.battery.usable:g} % of the capacity"
    if answer.alarms is not None:
        alarms = answer.alarms
        figure = format_digits(alarms.per_day)
        if alarms.low is not None and alarms.high is not None:
            figure += f" ({format_digits(alarms.low)} to {format_digits(alarms.high)})"
        known = "exact 95 % interval of the rate"
        yield "false alarms a day", figure, known if alarms.low is not None else "give --negatives too"


def _remarks(answer: _Answer) -> Iterator[str]:
    cell, power = answer.battery, answer.power_mw
    if answer.power_origin.source is not None:
        yield f"power: {answer.power_origin.source}"
    current_ma = power.value / cell.volts / answer.duty.efficiency
    if cell.max_ma is not None and current_ma > cell.max_ma:
        yield (
            f"computing draws {current_ma:.3g} mA, more than the {cell.max_ma:g} mA that a {cell.title} is "
            "meant to give: it needs a capacitor, and lasts shorter"
        )


def _to_json(answer: _Answer) -> dict[str, Any]:
    from wakeling.cost.latency import latency_to_json
    from wakeling.cost.provenance import to_json

    life = answer.life
    return {
        "format": "wakeling.battery/1",
        "latency": latency_to_json(answer.latency),
        "frames_per_second": answer.latency.frames_per_second,
        "power_mw": _interval(answer.power_mw),
        "power_provenance": to_json(answer.power_origin),
        "energy_mj": _interval(answer.energy_mj),
        "duty": dataclasses.asdict(answer.duty),
        "battery": {**dataclasses.asdict(answer.battery), "energy_mwh": answer.battery.energy_mwh},
        "busy": life.busy,
        "average_mw": _interval(life.average_mw),
        "parts_mw": {"computing": life.active_mw, "camera": life.camera_mw, "asleep": life.sleep_mw},
        "days": _interval(life.days),
        "remarks": list(_remarks(answer)),
        "false_alarms_per_day": None if answer.alarms is None else dataclasses.asdict(answer.alarms),
    }


def _interval(interval: Interval) -> dict[str, float | None]:
    """Plain numbers; None stands for infinity, which JSON lacks."""
    return {
        name: None if math.isinf(value) else value
        for name, value in zip(("value", "low", "high"), interval, strict=True)
    }


def _picture(answer: _Answer) -> Picture:
    from wakeling.cost.energy import SECONDS_PER_DAY, battery_life
    from wakeling.report.figures.battery import LifePoint, battery_life_curve

    def point(frames: float) -> LifePoint:
        duty = dataclasses.replace(answer.duty, frames_per_day=frames)
        days = battery_life(answer.latency, answer.energy_mj, duty, answer.battery).days
        return LifePoint(frames, *(min(value, 100 * SHELF_DAYS) for value in days))

    most = SECONDS_PER_DAY * answer.latency.frames_per_second
    steps = 80
    frames = [most ** (step / steps) for step in range(steps)] if most > 1 else [most / 2, most]
    chosen = answer.duty.frames_per_day
    return battery_life_curve(
        [point(value) for value in [*frames, most * (1 - 1e-9)]],
        point(chosen) if chosen >= min(1.0, most) and chosen > 0 else None,
        title=f"{answer.latency.network} on {answer.latency.board}: {answer.battery.title}",
    )
