"""`wakeling calibrate`: an engine's costs from times that were measured on one's own board."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.output import console, json_option, plot_option, plot_to, print_json, print_table
from wakeling.errors import LatencyError, WakelingError, unknown_name

if TYPE_CHECKING:
    from wakeling.boards import Board
    from wakeling.cli.timings import Row
    from wakeling.cost.latency.calibration import Calibration, Residual, Timing
    from wakeling.cost.latency.costs import EngineCosts
    from wakeling.report.figures.picture import Picture


@click.command("calibrate")
@click.argument("times", type=click.Path(path_type=Path))
@click.option("--board", help="The board that was measured, where the file does not say.")
@click.option("--engine", help="The engine to start from, where the file does not say. [the board's usual]")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The engine file to write, a .toml."
)
@click.option("--name", help="What to call the engine. [the name of the file]")
@plot_option
@json_option
def command(
    times: Path,
    board: str | None,
    engine: str | None,
    out: Path,
    name: str | None,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Fit an engine's costs to the measured TIMES of one board, and write them to a file.

    TIMES is a .csv file with the columns network and ms, and where wanted layer (the time is that
    layer's), board, engine, alpha, resolution, channels, classes and depth; or a .toml file with a
    table [[times]] of the same keys for each. A network is written as for `wakeling cost`.

    Fewer than five times move the level of the engine that it starts from. With five or more each
    kind of work gets its own cost, where leaving times out one at a time shows that this is better.
    Commands take the result as `--engine FILE`.
    """
    from wakeling.cli.timings import read_timings
    from wakeling.cost.latency.calibration import calibrate
    from wakeling.cost.latency.engine_file import engine_to_toml
    from wakeling.files import write_text

    if out.suffix.lower() != ".toml":
        raise LatencyError(f"--out is {out}; the name of an engine file ends with .toml")
    _refuse_to_overwrite(out)
    rows = read_timings(times)
    target = _board(rows, board)
    base = _base(rows, engine, target)
    timings = _timings(rows, times)
    found = calibrate(timings, target, base, name or out.stem)
    write_text(out, engine_to_toml(found.engine))
    if as_json:
        print_json(_to_json(found, out))
    else:
        _print(found, out)
    plot_to(plot, lambda: _picture(found))


def _refuse_to_overwrite(out: Path) -> None:
    """Raises LatencyError where a file is there that is no engine file: times or a board, perhaps."""
    from wakeling.cost.latency.engine_file import read_engine

    if not out.exists():
        return
    try:
        read_engine(out)
    except LatencyError:
        raise LatencyError(f"--out {out} is there and is no engine file; give another name") from None


def _one(rows: tuple[Row, ...], column: str, given: str | None, advice: str) -> str | None:
    """The one value that a column has in all rows, or what an option gave."""
    said = dict.fromkeys(value for row in rows if (value := str(getattr(row, column))))
    if given is not None:
        said[given] = None
    if len(said) > 1:
        raise LatencyError(f"times of {' and '.join(said)}; {advice}")
    return next(iter(said), None)


def _board(rows: tuple[Row, ...], given: str | None) -> Board:
    from wakeling.boards import load_board

    name = _one(rows, "board", given, "an engine file is for one board: calibrate them one at a time")
    if name is None:
        raise LatencyError("the file names no board; add a column board, or give --board")
    return load_board(name)


def _base(rows: tuple[Row, ...], given: str | None, board: Board) -> EngineCosts:
    """The costs to start from: the engine's on the board's core, or on a like one where none is known."""
    from wakeling.cost.latency.engines import ENGINES, core_of, engines_for
    from wakeling.cost.latency.stored import costs_on

    name = _one(rows, "engine", given, "calibrate one engine at a time")
    if name is not None and name not in ENGINES:
        raise LatencyError(unknown_name("engine", name, ENGINES))
    usual = engines_for(board)
    return costs_on(name or (usual[0] if usual else next(iter(ENGINES))), core_of(board))


def _timings(rows: tuple[Row, ...], path: Path) -> list[Timing]:
    from wakeling.cli.network_choice import choose
    from wakeling.cli.timings import network_of
    from wakeling.cost.latency.calibration import Timing
    from wakeling.cost.latency.work import Work, works

    known: dict[tuple[str, tuple[tuple[str, float], ...]], tuple[str, tuple[Work, ...], set[str]]] = {}
    timings = []
    for row in rows:
        key = (row.network, tuple(row.knobs.items()))
        try:
            if key not in known:
                report = choose(network_of(row, path.parent), **row.knobs).report(runtimes=())
                known[key] = (report.name, works(report), {layer.name for layer in report.layers})
            label, todo, layers = known[key]
            if row.layer:
                if row.layer not in layers:
                    raise LatencyError(unknown_name(f"layer of {label}", row.layer, layers))
                todo = tuple(work for work in todo if work.name == row.layer)
                label = f"{label} {row.layer}"
        except WakelingError as error:
            raise LatencyError(f"{path}: {row.where}: {error}") from None
        if todo:  # a reshape does nothing that could be paid for
            timings.append(Timing(label=label, works=todo, ms=row.ms))
    return timings


def _factor(found: Calibration) -> float:
    from wakeling.cost.latency.costs import NORMAL_90

    return math.exp(NORMAL_90 * found.engine.costs.level)


_METHODS = {
    "scale": "the level of {base} moved, its kinds of work as they were",
    "kinds": "a cost for each kind of work, from those of {base}",
}


def _print(found: Calibration, out: Path) -> None:
    engine = found.engine
    print_table(
        f"{engine.name} on {engine.board}: milliseconds",
        ["time of", "measured", f"{engine.base} before", "calibrated", "without it", "error without it"],
        [_row(residual) for residual in found.residuals],
    )
    show = console()
    method = _METHODS[found.method].format(base=engine.base)
    show.print(
        f"{engine.measurements} {'time' if engine.measurements == 1 else 'times'}; {method}",
        markup=False,
        soft_wrap=True,
    )
    show.print(
        f"nine of ten times of such networks should lie within a factor of {_factor(found):.2f}",
        markup=False,
        soft_wrap=True,
    )
    show.print(f"written: {out}; use it as --engine {out}", markup=False, soft_wrap=True)


def _row(residual: Residual) -> list[str]:
    left_out = residual.left_out_ms
    return [
        residual.label,
        f"{residual.measured_ms:.4g}",
        f"{residual.before_ms:.4g}",
        f"{residual.after_ms:.4g}",
        "–" if left_out is None else f"{left_out:.4g}",
        "–" if left_out is None else f"{100 * (left_out / residual.measured_ms - 1):+.0f} %",
    ]


def _to_json(found: Calibration, out: Path) -> dict[str, Any]:
    engine = found.engine
    return {
        "format": "wakeling.calibration/1",
        "engine": engine.name,
        "base": engine.base,
        "board": engine.board,
        "core": engine.costs.core,
        "measurements": engine.measurements,
        "method": found.method,
        "interval_factor": _factor(found),
        "cycles": dict(engine.costs.cycles),
        "residuals": [
            {
                "label": residual.label,
                "measured_ms": residual.measured_ms,
                "before_ms": residual.before_ms,
                "after_ms": residual.after_ms,
                "left_out_ms": residual.left_out_ms,
            }
            for residual in found.residuals
        ],
        "file": str(out),
    }


def _picture(found: Calibration) -> Picture:
    from wakeling.report.figures.latency import Compared, predicted_against_measured

    rows = [
        Compared(
            label=residual.label,
            group="without it" if residual.left_out_ms is not None else "calibrated",
            measured=residual.measured_ms,
            predicted=residual.left_out_ms or residual.after_ms,
            low=(residual.left_out_ms or residual.after_ms) / _factor(found),
            high=(residual.left_out_ms or residual.after_ms) * _factor(found),
        )
        for residual in found.residuals
    ]
    return predicted_against_measured(
        rows, unit="ms", title=f"{found.engine.name}: predicted by a fit without it"
    )
