"""`wakeling sweep`: a family's cost over width multipliers, resolutions and more."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling import boards, cost, spec
from wakeling.cli.network_choice import runtime_option
from wakeling.cli.number_list import number_list
from wakeling.cli.output import json_option, plot_option, plot_to, print_json, print_table
from wakeling.errors import DoesNotFitError, SpecError
from wakeling.units import format_bytes

if TYPE_CHECKING:
    from wakeling.report.figures.picture import Picture

MAX_NETWORKS = 10_000


@click.command("sweep")
@click.argument("family")
@click.option(
    "--alpha",
    callback=number_list(float, "0.25,0.5"),
    default="0.25,0.5,0.75,1",
    show_default=True,
    help="Width multipliers.",
)
@click.option(
    "--resolution",
    callback=number_list(int, "96,128"),
    default="96,128,160,192,224",
    show_default=True,
    help="Sides in pixels.",
)
@click.option(
    "--channels",
    callback=number_list(int, "1,3"),
    default="3",
    show_default=True,
    help="1 (gray), 3 (RGB) or 1,3.",
)
@click.option(
    "--depth",
    callback=number_list(float, "0.5,1"),
    default="1",
    show_default=True,
    help="Multipliers of each stage's blocks.",
)
@click.option("--classes", default=2, show_default=True, help="Number of classes.")
@click.option("--board", help="A board's name (see `wakeling boards`) or the path of its .toml file.")
@runtime_option
@json_option
@plot_option
def command(
    family: str,
    alpha: tuple[float, ...],
    resolution: tuple[float, ...],
    channels: tuple[float, ...],
    depth: tuple[float, ...],
    classes: int,
    board: str | None,
    runtime: str,
    as_json: bool,
    plot: Path | None,
) -> None:
    """What FAMILY costs at each combination of knobs; each option takes a list, such as 0.25,0.5.

    With 1000 classes the published ImageNet accuracy stands beside our figures where there is one.
    With a board, the exit code is 1 where no network of the grid fits it.
    """
    name = spec.family_name(family)
    grid = {
        "alpha": alpha,
        "depth": depth,
        "channels": channels,
        "resolution": resolution,
    }
    points = [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]
    if len(points) > MAX_NETWORKS:
        raise SpecError(f"the grid has {len(points)} networks; it must have at most {MAX_NETWORKS}")
    target = boards.load_board(board) if board else None
    rows = [_row(spec.make(name, classes=classes, **point), target, runtime) for point in points]
    if as_json:
        verdict = {"board": boards.to_json(target)} if target else {}
        print_json(
            {"format": "wakeling.sweep/1", "family": name, "classes": classes, **verdict, "rows": rows}
        )
    else:
        _print(name, rows, target, runtime)
    plot_to(plot, lambda: _picture(name, rows, target, runtime))
    if target and not any(row["fits"] for row in rows):
        raise DoesNotFitError(f"none of the {len(rows)} networks fits {target.name}")


def _row(network: spec.Network, board: boards.Board | None, runtime: str) -> dict[str, Any]:
    report = cost.cost(spec.lower(network), runtimes=(runtime,))
    row: dict[str, Any] = {
        "name": network.name,
        **network.knobs,
        "macs": report.macs,
        "multiplications": report.multiplications,
        "additions": report.additions,
        "parameters": {"training": report.training_parameters, "deployed": report.deployed_parameters},
        "weight_bytes": report.weight_bytes,
        "ram_bytes": dict(report.ram_bytes),
        "flash_bytes": report.flash_bytes,
    }
    if board is not None:
        exceeded = cost.violations(report, cost.budget_of(board, runtime))
        row["fits"] = not exceeded
        row["violations"] = [cost.violation_to_json(violation) for violation in exceeded]
    published = spec.published(network)
    if published is not None:
        row["published"] = {
            "top1_percent": published.top1_percent,
            "macs_millions": published.macs_millions,
            "parameters_millions": published.parameters_millions,
            "source": published.source,
        }
    return row


_Column = tuple[str, Callable[[dict[str, Any]], str]]


def _columns(rows: list[dict[str, Any]], board: boards.Board | None, runtime: str) -> list[_Column]:
    """What the table shows: the knobs that vary, the cost, the verdict, what was published."""
    columns: list[_Column] = [
        ("alpha", lambda row: f"{row['alpha']:g}"),
        ("resolution", lambda row: f"{row['resolution']}"),
    ]
    if len({row["channels"] for row in rows}) > 1:
        columns.append(("channels", lambda row: f"{row['channels']}"))
    if len({row["depth"] for row in rows}) > 1:
        columns.append(("depth", lambda row: f"{row['depth']:g}"))
    columns += [
        ("MACs", lambda row: f"{row['macs'] / 1e6:,.3f} M"),
        ("training parameters", lambda row: f"{row['parameters']['training']:,}"),
        ("deployed parameters", lambda row: f"{row['parameters']['deployed']:,}"),
        (f"RAM ({runtime})", lambda row: format_bytes(row["ram_bytes"][runtime])),
        ("flash (modelled)", lambda row: format_bytes(row["flash_bytes"])),
    ]
    if board is not None:
        columns.append(("fits", lambda row: "yes" if row["fits"] else "no"))
    if any("published" in row for row in rows):
        columns.append(("top-1 (published)", _published_top1))
    return columns


def _published_top1(row: dict[str, Any]) -> str:
    return f"{row['published']['top1_percent']:.1f} %" if "published" in row else "–"


def _print(family: str, rows: list[dict[str, Any]], board: boards.Board | None, runtime: str) -> None:
    columns = _columns(rows, board, runtime)
    title = f"{family} on {board.title}" if board else family
    print_table(title, [name for name, _ in columns], [[show(row) for _, show in columns] for row in rows])


def _picture(family: str, rows: list[dict[str, Any]], board: boards.Board | None, runtime: str) -> Picture:
    from wakeling.report.figures.sweep_lines import SweepPoint, sweep_lines

    several = [knob for knob in ("channels", "depth") if len({row[knob] for row in rows}) > 1]
    points = [
        SweepPoint(
            line=", ".join([f"α {row['alpha']:g}", *(f"{knob} {row[knob]:g}" for knob in several)]),
            resolution=row["resolution"],
            macs=row["macs"],
            ram_bytes=row["ram_bytes"][runtime],
            flash_bytes=row["flash_bytes"],
            top1_percent=row["published"]["top1_percent"] if "published" in row else None,
        )
        for row in rows
    ]
    title = f"{family} on {board.title}" if board else family
    limit = board.ram_bytes if board else None
    return sweep_lines(points, title=title, runtime=runtime, ram_limit_bytes=limit)
