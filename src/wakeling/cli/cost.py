"""`wakeling cost`: operations, parameters, RAM, flash and time of one network, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from wakeling import boards, cost
from wakeling.cli.network_choice import (
    NETWORK_HELP,
    choose,
    engine_option,
    knob_options,
    require_board,
    runtime_option,
)
from wakeling.cli.output import console, json_option, plot_option, plot_to, print_json, print_table
from wakeling.cost import Placement
from wakeling.errors import DoesNotFitError, WakelingError
from wakeling.units import format_bytes, format_count, format_digits

if TYPE_CHECKING:
    from wakeling.report.figures.picture import Picture

HEADROOM = "your own program's RAM and flash come on top"
"""Said wherever a network is said to fit."""


@click.command("cost", epilog=NETWORK_HELP)
@click.argument("network")
@knob_options
@click.option("--board", help="A board's name (see `wakeling boards`) or the path of its .toml file.")
@runtime_option
@engine_option
@click.option("--layers/--no-layers", default=True, help="Show each layer.  [default: layers]")
@click.option("--patches", is_flag=True, help="Show what computing the first layers patch by patch buys.")
@click.option(
    "--draw",
    type=click.Choice(["layers", "memory", "patches", "times"]),
    default="layers",
    show_default=True,
    help="What --plot draws: where the cost sits, the arena of --runtime over time, what patches buy, or "
    "each layer's time on the board.",
)
@json_option
@plot_option
def command(
    network: str,
    alpha: float | None,
    resolution: int | None,
    channels: int | None,
    classes: int | None,
    depth: float | None,
    board: str | None,
    runtime: str,
    engine: str | None,
    layers: bool,
    patches: bool,
    draw: str,
    as_json: bool,
    plot: Path | None,
) -> None:
    """What NETWORK costs: operations, parameters, RAM, flash and, on a board, time.

    RAM is planned for every runtime, flash for TensorFlow Lite Micro and for wakeling's own C. With
    a board, the exit code is 1 where the network does not fit it.
    """
    chosen = choose(
        network, alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth
    )
    require_board(engine, board)
    report = chosen.report()
    target = boards.load_board(board) if board else None
    placed = cost.place(report, target, runtime=runtime, engine=engine) if target else None
    trade = cost.patch_trade(chosen.deployed) if patches or draw == "patches" else ()
    if draw == "times" and (placed is None or placed.latency is None):
        reason = "it needs a --board" if placed is None else placed.no_latency
        raise WakelingError(f"no times to draw: {reason}")
    if as_json:
        print_json(_to_json(report, placed, trade))
    else:
        _print(report, placed, layers=layers)
        if patches:
            _print_trade(report, trade)
    plot_to(plot, lambda: _DRAWINGS[draw](report, placed, runtime, trade))
    if placed and placed.violations:
        needs = "; ".join(cost.describe(violation) for violation in placed.violations)
        raise DoesNotFitError(f"{report.name} does not fit {placed.board.name}: {needs}")


def _to_json(
    report: cost.CostReport, placed: Placement | None, trade: tuple[cost.PatchOption, ...]
) -> dict[str, Any]:
    value = cost.to_json(report)
    if placed is not None:
        placement = cost.placement_to_json(placed)
        value |= {key: placement[key] for key in placement if key not in value}
    if trade:
        value["patches"] = [cost.option_to_json(option) for option in trade]
    return value


def _print(report: cost.CostReport, placed: Placement | None, *, layers: bool) -> None:
    time = placed.latency if placed else None
    if layers:
        milliseconds = {layer.name: layer.ms for layer in time.layers} if time else {}
        print_table(
            report.name,
            ["layer", "output", "MACs", "parameters", "weights", "RAM (liveness)", *(["ms"] if time else [])],
            [_row(layer, milliseconds if time else None) for layer in report.layers],
        )
    out = console()
    for title, figure, kind in _totals(report):
        out.print(f"{title:<26}{figure:>16}   {kind}", markup=False, soft_wrap=True)
    if placed is None:
        return
    board = placed.board
    out.print()
    doubt = "" if board.verified else ", figures unverified"
    out.print(f"{board.title} ({board.chip}, {board.core}){doubt}", markup=False, soft_wrap=True)
    for title, needed, limit in (
        (f"RAM ({placed.runtime})", placed.ram_bytes, board.ram_bytes),
        ("flash", placed.flash_bytes, board.flash_bytes),
    ):
        share = f"{100 * needed / limit:.0f} %"
        out.print(f"{title:<26}{format_bytes(needed):>16} of {format_bytes(limit)} ({share})")
    out.print(_time_line(placed), markup=False, soft_wrap=True)
    out.print("does not fit" if placed.violations else f"fits; {HEADROOM}", soft_wrap=True)


def _time_line(placed: Placement) -> str:
    time = placed.latency
    if time is None:
        return f"{'time':<26}{'unknown':>16}   {placed.no_latency}"
    figure = f"{format_digits(time.ms)} ms"
    span = f"{format_digits(time.low_ms)} to {format_digits(time.high_ms)} ms"
    return f"{'time':<26}{figure:>16}   modelled ({span} in nine of ten cases, {time.engine})"


def _row(layer: cost.LayerCost, milliseconds: dict[str, float] | None) -> list[str]:
    time = [] if milliseconds is None else [f"{milliseconds.get(layer.name, 0.0):.2f}"]
    return [
        layer.name,
        "×".join(map(str, layer.output_shape)),
        f"{layer.macs:,}",
        f"{layer.deployed_parameters:,}",
        format_bytes(layer.weight_bytes),
        format_bytes(layer.ram_bytes),
        *time,
    ]


def _totals(report: cost.CostReport) -> list[tuple[str, str, str]]:
    origin = report.provenance
    others = [
        (f"other: {name}", f"{amount:,}", origin["other_operations"].kind)
        for name, amount in report.other_operations.items()
    ]
    flash = [
        line for runtime, parts in report.flash_by_runtime.items() for line in _flash(report, runtime, parts)
    ]
    return [
        ("MACs", f"{report.macs:,}", f"{origin['macs'].kind} ({format_count(report.macs)})"),
        ("multiplications", f"{report.multiplications:,}", origin["multiplications"].kind),
        ("additions", f"{report.additions:,}", origin["additions"].kind),
        *others,
        ("training parameters", f"{report.training_parameters:,}", origin["parameters.training"].kind),
        ("  of them learned", f"{report.trainable_parameters:,}", origin["parameters.trainable"].kind),
        ("deployed parameters", f"{report.deployed_parameters:,}", origin["parameters.deployed"].kind),
        ("weights", format_bytes(report.weight_bytes), origin["weight_bytes"].kind),
        *(
            (f"RAM ({runtime})", format_bytes(size), _bar(origin[f"ram_bytes.{runtime}"]))
            for runtime, size in report.ram_bytes.items()
        ),
        *flash,
    ]


def _flash(report: cost.CostReport, runtime: str, parts: cost.Flash) -> list[tuple[str, str, str]]:
    what = "model" if runtime == "wakeling-c" else "file"
    split = f"{what} {format_bytes(parts.file_bytes)} + code {format_bytes(parts.runtime_bytes)}"
    origin = report.provenance[f"flash_by_runtime.{runtime}"]
    return [(f"flash ({runtime})", format_bytes(parts.total_bytes), f"{origin.kind}: {split}")]


def _bar(origin: cost.Provenance) -> str:
    return f"{origin.kind} (± {origin.error})" if origin.error else origin.kind


def _print_trade(report: cost.CostReport, trade: tuple[cost.PatchOption, ...]) -> None:
    """What no other option beats in both RAM and MACs; JSON has them all."""
    worth = cost.patch_front(trade)
    print_table(
        f"First layers patch by patch ({len(worth)} of {len(trade)} ways that no other beats)",
        ["patches", "operators", "up to", "RAM", "patches' part", "the rest's", "MACs added", "share"],
        [
            [
                f"{option.rows}×{option.columns}",
                str(option.operators),
                option.last,
                format_bytes(option.peak_bytes),
                format_bytes(option.stage_bytes),
                format_bytes(option.rest_bytes),
                f"{option.added_macs:,}",
                f"{100 * option.added_macs / max(report.macs, 1):.1f} %",
            ]
            for option in worth
        ],
    )


def _draw_layers(
    report: cost.CostReport, placed: Placement | None, runtime: str, trade: tuple[cost.PatchOption, ...]
) -> Picture:
    from wakeling.report.figures.cost_columns import Column, cost_columns

    layers = report.layers
    columns = [
        Column(
            title=f"MACs: {format_count(report.macs)}",
            values=[layer.macs for layer in layers],
            write=lambda value: format_count(int(value)),
        ),
        Column(
            title=f"weights: {format_bytes(report.weight_bytes)}",
            values=[layer.weight_bytes for layer in layers],
            write=lambda value: format_bytes(int(value)),
        ),
        Column(
            title=f"RAM (liveness): {format_bytes(report.ram_bytes['liveness'])}",
            values=[layer.ram_bytes for layer in layers],
            write=lambda value: format_bytes(int(value)),
        ),
    ]
    if placed and placed.latency:
        milliseconds = {layer.name: layer.ms for layer in placed.latency.layers}
        columns.append(
            Column(
                title=f"{format_digits(placed.latency.ms)} ms on {placed.board.chip}",
                values=[milliseconds.get(layer.name, 0.0) for layer in layers],
                write=format_digits,
            )
        )
    return cost_columns(
        [layer.name for layer in layers],
        [layer.operator for layer in layers],
        columns,
        title=f"What {report.name} costs",
    )


def _draw_memory(
    report: cost.CostReport, placed: Placement | None, runtime: str, trade: tuple[cost.PatchOption, ...]
) -> Picture:
    from wakeling.report.figures.memory_map import memory_map

    names = [layer.name for layer in report.layers]
    return memory_map(report.memory[runtime], names, limit_bytes=placed.board.ram_bytes if placed else None)


def _draw_patches(
    report: cost.CostReport, placed: Placement | None, runtime: str, trade: tuple[cost.PatchOption, ...]
) -> Picture:
    from wakeling.report.figures.patch_trade import patch_trade_figure

    limit = placed.board.ram_bytes if placed else None
    return patch_trade_figure(trade, report.macs, limit_bytes=limit)


def _draw_times(
    report: cost.CostReport, placed: Placement | None, runtime: str, trade: tuple[cost.PatchOption, ...]
) -> Picture:
    from wakeling.report.figures.latency import layer_times

    assert placed is not None
    assert placed.latency is not None
    return layer_times(placed.latency)


_Drawing = Callable[[cost.CostReport, Placement | None, str, tuple[cost.PatchOption, ...]], "Picture"]

_DRAWINGS: Mapping[str, _Drawing] = MappingProxyType(
    {"layers": _draw_layers, "memory": _draw_memory, "patches": _draw_patches, "times": _draw_times}
)
"""What `--draw` names."""
