"""`wakeling cost`: operations, parameters, RAM and flash of one network, layer by layer."""

from __future__ import annotations

from typing import Any

import click

from wakeling import boards, cost, spec
from wakeling.cli.network_choice import choose_network, knob_options
from wakeling.cli.output import console, json_option, print_json, print_table
from wakeling.errors import DoesNotFitError
from wakeling.units import format_bytes, format_count

HEADROOM = "liveness is the least RAM: a runtime's own structures and your program come on top"
"""Said wherever a network is said to fit."""


@click.command("cost")
@click.argument("network")
@knob_options
@click.option("--board", help="A board's name (see `wakeling boards`) or the path of its .toml file.")
@click.option("--layers/--no-layers", default=True, help="Show each layer.  [default: layers]")
@json_option
def command(
    network: str,
    alpha: float | None,
    resolution: int | None,
    channels: int | None,
    classes: int | None,
    depth: float | None,
    board: str | None,
    layers: bool,
    as_json: bool,
) -> None:
    """What NETWORK costs: operations, parameters, RAM and flash.

    NETWORK is a family (mobilenet_v1, mobilenet_v2) or the path of a .toml or .json network file.
    With a board, the exit code is 1 where the network does not fit it.
    """
    chosen = choose_network(
        network, alpha=alpha, resolution=resolution, channels=channels, classes=classes, depth=depth
    )
    report = cost.cost(spec.lower(chosen))
    target = boards.load_board(board) if board else None
    exceeded = cost.violations(report, cost.budget_of(target)) if target else ()
    if as_json:
        print_json(_to_json(report, target, exceeded))
    else:
        _print(report, target, exceeded, layers=layers)
    if target and exceeded:
        needs = "; ".join(cost.describe(violation) for violation in exceeded)
        raise DoesNotFitError(f"{report.name} does not fit {target.name}: {needs}")


def _to_json(
    report: cost.CostReport, board: boards.Board | None, exceeded: tuple[cost.Violation, ...]
) -> dict[str, Any]:
    value = cost.to_json(report)
    if board is None:
        return value
    verdict = {
        "board": boards.to_json(board),
        "fits": not exceeded,
        "violations": [cost.violation_to_json(violation) for violation in exceeded],
    }
    return {**value, **verdict}


def _print(
    report: cost.CostReport,
    board: boards.Board | None,
    exceeded: tuple[cost.Violation, ...],
    *,
    layers: bool,
) -> None:
    if layers:
        print_table(
            report.name,
            ["layer", "output", "MACs", "parameters", "weights", "RAM (liveness)"],
            [_row(layer) for layer in report.layers],
        )
    out = console()
    for title, figure, kind in _totals(report):
        out.print(f"{title:<26}{figure:>16}   {kind}", markup=False, soft_wrap=True)
    if board is None:
        return
    budget = cost.budget_of(board)
    out.print()
    doubt = "" if board.verified else ", figures unverified"
    out.print(f"{board.title} ({board.chip}, {board.core}){doubt}", markup=False, soft_wrap=True)
    for title, needed, limit in (
        ("RAM (liveness)", report.ram_bytes["liveness"], budget.ram_bytes),
        ("flash", report.flash_bytes, budget.flash_bytes),
    ):
        out.print(
            f"{title:<26}{format_bytes(needed):>16} of {format_bytes(limit)} ({100 * needed / limit:.0f} %)"
        )
    out.print("does not fit" if exceeded else f"fits; {HEADROOM}", soft_wrap=True)


def _row(layer: cost.LayerCost) -> list[str]:
    return [
        layer.name,
        "×".join(map(str, layer.output_shape)),
        f"{layer.macs:,}",
        f"{layer.deployed_parameters:,}",
        format_bytes(layer.weight_bytes),
        format_bytes(layer.ram_bytes),
    ]


def _totals(report: cost.CostReport) -> list[tuple[str, str, str]]:
    origin = report.provenance
    others = [
        (f"other: {name}", f"{amount:,}", origin["other_operations"].kind)
        for name, amount in report.other_operations.items()
    ]
    return [
        ("MACs", f"{report.macs:,}", f"{origin['macs'].kind} ({format_count(report.macs)})"),
        ("multiplications", f"{report.multiplications:,}", origin["multiplications"].kind),
        ("additions", f"{report.additions:,}", origin["additions"].kind),
        *others,
        ("training parameters", f"{report.training_parameters:,}", origin["parameters.training"].kind),
        ("deployed parameters", f"{report.deployed_parameters:,}", origin["parameters.deployed"].kind),
        ("weights", format_bytes(report.weight_bytes), origin["weight_bytes"].kind),
        *(
            (f"RAM ({runtime})", format_bytes(size), origin[f"ram_bytes.{runtime}"].kind)
            for runtime, size in report.ram_bytes.items()
        ),
        ("flash: model file", format_bytes(report.flash.file_bytes), _bar(origin["flash.file_bytes"])),
        (
            "flash: runtime code",
            format_bytes(report.flash.runtime_bytes),
            _bar(origin["flash.runtime_bytes"]),
        ),
        ("flash", format_bytes(report.flash_bytes), _bar(origin["flash_bytes"])),
    ]


def _bar(origin: cost.Provenance) -> str:
    return f"{origin.kind} (± {origin.error})" if origin.error else origin.kind
