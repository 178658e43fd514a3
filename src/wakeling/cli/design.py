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
    from wakeling.pipeline import DesignOutcome, DesignRequest, Execution
    from wakeling.report import Estimate
    from wakeling.search.space import GridSpace, StagedSpace


def _names(context: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


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
@click.option(
    "--space",
    "space_name",
    default=None,
    help="Search this space instead of the grid: a ready one (see `wakeling space`) or a TOML file.",
)
@click.option(
    "--optimize-space/--whole-space",
    "optimize_space",
    default=False,
    show_default=True,
    help="First narrow the space to the width and resolution whose networks have the most MACs.",
)
@click.option(
    "--strategy",
    default=None,
    help="How networks are chosen [default: successive-halving for the grid, guided for a space].",
)
@click.option(
    "--evaluator",
    default="training",
    show_default=True,
    help="What judges networks: training, supernet, or a training-free score (see `wakeling score`).",
)
@click.option(
    "--objectives",
    default="score",
    show_default=True,
    callback=_names,
    help="What is searched for: score alone, or score and costs such as ram_bytes,latency_ms.",
)
@click.option(
    "--trainings",
    type=int,
    default=None,
    help="Work of the search in full short trainings (default: planned).",
)
@click.option("--macs", type=int, default=None, help="Most MACs of an inference.")
@click.option("--energy-uj", type=int, default=None, help="Most energy of an inference, in microjoules.")
@click.option(
    "--runtime",
    default="tflm",
    show_default=True,
    help="Whose RAM and flash must fit: tflm, wakeling-c (our own C) or patched (our C, patch by patch).",
)
@click.option("--finalists", type=int, default=None, help="Networks to train briefly (default: planned).")
@click.option(
    "--rung-epochs",
    default=None,
    callback=number_list(int, "96,128"),
    help="Epochs of each round of the search (default: planned).",
)
@click.option(
    "--rung-resolutions",
    default=None,
    callback=number_list(float, "0.5,1"),
    help="Share of its resolution at which each round trains a network (default: 1).",
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
@click.option(
    "--storage",
    default=None,
    help="Database of the trials: sqlite:///FILE or postgresql://… [default: study.db in --out].",
)
@click.option(
    "--ray", "ray_address", default=None, help="Train trials on a Ray cluster: auto, local or HOST:PORT."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 10_000),
    default=None,
    help="Trials at a time, each in its own process [default: 1; with --ray, as many as fit].",
)
@click.option("--cpus", type=float, default=1.0, show_default=True, help="CPU cores of a trial with --ray.")
@click.option("--gpus", type=float, default=0.0, show_default=True, help="GPUs of a trial with --ray.")
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
    execution = _execution(options)
    request = _request(options)
    command_line = shlex.join(["wakeling", *sys.argv[1:]])
    try:
        with DesignProgress() as listener:
            outcome = design(
                request,
                root,
                cache=Path(str(cache)) if cache else cache_folder(),
                circumstances=circumstances(command_line),
                execution=execution,
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


def _execution(options: dict[str, object]) -> Execution:
    """Where the search runs; takes its options out of `options`."""
    from wakeling.pipeline import Execution

    names = {"storage": "storage", "ray_address": "ray", "workers": "workers", "cpus": "cpus", "gpus": "gpus"}
    chosen = {name: options.pop(option) for option, name in names.items()}
    return Execution(**chosen)  # type: ignore[arg-type]  # click has checked the types


def _request(options: dict[str, object]) -> DesignRequest:
    from wakeling.pipeline import DesignRequest

    options = dict(options)
    staged = _staged(options)
    return DesignRequest(space=_space(options), staged=staged, **options)  # type: ignore[arg-type]  # click has checked the types


def _staged(options: dict[str, object]) -> StagedSpace | None:
    """The space that --space names; takes it out of `options`."""
    from wakeling.errors import SpecError
    from wakeling.search.space import load_space

    name = options.pop("space_name")
    if name is None:
        return None
    for knob in ("families", "alphas", "resolutions", "channels", "depths"):
        if options[knob] is not None:
            raise SpecError(
                f"--{knob} is a knob of the grid, and --space {name} searches a space instead; "
                f"leave one of them out (`wakeling space {name} --write my.toml` makes a space of your own)"
            )
    return load_space(str(name))


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
