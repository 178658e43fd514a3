"""`wakeling design`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.cli.main import INTERRUPTED
from wakeling.cli.number_list import number_list
from wakeling.cli.output import json_option, print_json, print_table
from wakeling.units import parse_bytes

if TYPE_CHECKING:
    from wakeling.pipeline import DesignOutcome, DesignRequest
    from wakeling.report import Estimate
    from wakeling.search import GridSpace


def _size(context: click.Context, parameter: click.Parameter, text: str) -> int:
    return parse_bytes(text)


@click.command()
@click.option("--data", required=True, help="Photos: a folder, a manifest.csv, COCO JSON, or `scenes`.")
@click.option("--board", required=True, help="A board's name (see `wakeling boards`) or a TOML file.")
@click.option(
    "--out",
    "out",
    type=click.Path(path_type=Path),
    default=Path("out"),
    show_default=True,
    help="Folder for the results.",
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run in --out (or start one).")
@click.option(
    "--minutes",
    type=float,
    default=30.0,
    show_default=True,
    help="Training time to plan for, search included.",
)
@click.option("--wake-word", default="person", show_default=True, help="What the camera looks for.")
@click.option(
    "--area-threshold",
    type=float,
    default=0.005,
    show_default=True,
    help="Share of the photo that a box must cover to count (data with boxes).",
)
@click.option("--reader", default=None, help="How to read --data, where it is ambiguous.")
@click.option(
    "--frame-ms",
    type=float,
    default=1000.0,
    show_default=True,
    help="Longest time per frame, as `wakeling cost --board` predicts it.",
)
@click.option(
    "--reserve-ram",
    "reserve_ram_bytes",
    default="16KiB",
    show_default=True,
    callback=_size,
    help="RAM to keep free for the stack and your own code.",
)
@click.option(
    "--reserve-flash",
    "reserve_flash_bytes",
    default="32KiB",
    show_default=True,
    callback=_size,
    help="Flash to keep free for your own code.",
)
@click.option("--families", default=None, help="Families to search, with commas.")
@click.option(
    "--alphas", default=None, callback=number_list(float, "0.25,0.5"), help="Width multipliers to search."
)
@click.option(
    "--resolutions",
    default=None,
    callback=number_list(int, "96,128"),
    help="Input resolutions to search, in pixels.",
)
@click.option(
    "--channels",
    default=None,
    callback=number_list(int, "1,3"),
    help="Input channels to search: 1 (gray), 3 (RGB), or 1,3.",
)
@click.option(
    "--depths", default=None, callback=number_list(float, "0.25,0.5"), help="Depth multipliers to search."
)
@click.option("--strategy", default="successive-halving", show_default=True, help="How finalists are chosen.")
@click.option("--finalists", type=int, default=None, help="Networks to train briefly (default: planned).")
@click.option(
    "--rung-epochs",
    default=None,
    callback=number_list(int, "96,128"),
    help="Epochs of each round of the search (default: planned).",
)
@click.option("--epochs", type=int, default=None, help="Epochs of the winner (default: planned).")
@click.option(
    "--quantization-epochs",
    type=int,
    default=None,
    help="Epochs with fake quantization; 0 only calibrates (default: planned).",
)
@click.option("--threads", type=int, default=None, help="Training threads (default: a short trial).")
@click.option(
    "--verify-images",
    type=int,
    default=256,
    show_default=True,
    help="Images on which every runtime must agree.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of everything random.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder for decoded photos [default: the user's cache folder].",
)
@json_option
def command(**options: object) -> int:
    """Design a network: photos and a board in, a proven int8 model and a report out.

    Costs every candidate of the grid, trains the promising ones briefly, trains the best fully,
    quantizes and exports it, and checks that independent runtimes compute the same numbers. The
    results are in --out; open report.html first.

    Exit code 1: nothing fits the board, or two runtimes disagree.
    """
    return _run(options)


def _run(options: dict[str, object]) -> int:
    from wakeling.cli.circumstances import cache_folder, circumstances
    from wakeling.cli.progress import DesignProgress
    from wakeling.pipeline import design

    as_json, resume = bool(options.pop("as_json")), bool(options.pop("resume"))
    root, cache = Path(str(options.pop("out"))), options.pop("cache")
    request = _request(options)
    command_line = shlex.join(["wakeling", *sys.argv[1:]])
    try:
        with DesignProgress() as listener:
            outcome = design(
                request,
                root,
                cache=Path(str(cache)) if cache else cache_folder(),
                circumstances=circumstances(command_line),
                resume=resume,
                listener=listener,
            )
    except KeyboardInterrupt:
        click.echo(f"wakeling: interrupted; go on with the same command and --resume ({root})", err=True)
        return INTERRUPTED
    if as_json:
        print_json(outcome.report.to_json())
    else:
        _print(outcome)
    return 0


def _request(options: dict[str, object]) -> DesignRequest:
    from wakeling.pipeline import DesignRequest

    options = dict(options)
    space = _space(options)
    return DesignRequest(space=space, **options)  # type: ignore[arg-type]  # click has checked the types


def _space(options: dict[str, object]) -> GridSpace:
    """The grid with the knobs that were given; takes them out of `options`."""
    from wakeling.errors import SpecError, unknown_name
    from wakeling.search import GridSpace
    from wakeling.spec import FAMILIES

    knobs: dict[str, object] = {}
    for name in ("families", "alphas", "resolutions", "channels", "depths"):
        value = options.pop(name)
        if value is not None:
            knobs[name] = value
    if "families" in knobs:
        names = tuple(name.strip().replace("-", "_") for name in str(knobs["families"]).split(","))
        for name in names:
            if name not in FAMILIES:
                raise SpecError(unknown_name("family", name, FAMILIES))
        knobs["families"] = names
    return GridSpace(**knobs)  # type: ignore[arg-type]  # the callbacks have made tuples


def _print(outcome: DesignOutcome) -> None:
    rows = [
        (f"{entry.model} on {entry.split}", _interval(entry.balanced_accuracy), _interval(entry.auc))
        for entry in outcome.report.evaluations
    ]
    print_table("Accuracy, 95 % intervals", ("model", "balanced accuracy", "AUC"), rows)
    click.echo(outcome.report.verdict.sentence)
    click.echo(f"model:  {outcome.folder.tflite}\nreport: {outcome.folder.report}")


def _interval(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
