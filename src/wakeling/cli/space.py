"""`wakeling space`: what a search space holds, what of it fits, and which part of it to search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.network_choice import runtime_option
from wakeling.cli.output import (
    console,
    json_option,
    plot_option,
    plot_to,
    print_json,
    progress_bar,
)
from wakeling.cli.space_tables import FORMAT, print_choice, print_ready, print_sample, print_space
from wakeling.errors import SpecError
from wakeling.units import format_bytes, parse_bytes

if TYPE_CHECKING:
    from wakeling.cost import Budget
    from wakeling.search.budget_domain import BudgetDomain
    from wakeling.search.space import Point, StagedSpace

LIMITS = ("board", "ram_bytes", "flash_bytes", "macs", "frame_ms", "energy_mj")
"""The options that make a budget."""


_file = click.Path(path_type=Path, dir_okay=False)


def _size(context: click.Context, parameter: click.Parameter, text: str | None) -> int | None:
    return None if text is None else parse_bytes(text)


@click.command("space")
@click.argument("space", required=False)
@click.option("--board", help="A board's name (see `wakeling boards`) or the path of its .toml file.")
@click.option("--ram", "ram_bytes", callback=_size, help="RAM limit, such as 64KiB [default: the board's].")
@click.option("--flash", "flash_bytes", callback=_size, help="Flash limit [default: the board's].")
@click.option("--macs", type=int, help="Most MACs for one picture.")
@click.option("--frame-ms", type=float, help="Longest time per frame on the board.")
@click.option("--energy-mj", type=float, help="Most energy of a frame on the board.")
@click.option("--active-mw", type=float, help="Power while computing, where you measured it.")
@runtime_option
@click.option(
    "--networks",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="Feasible networks to sample of each width and resolution.",
)
@click.option("--sample", type=click.IntRange(min=1), help="Only sample so many networks that fit.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the sampled networks."
)
@click.option("--write", type=_file, metavar="FILE", help="Copy the space to a new .toml file to edit.")
@click.option("--narrow", type=_file, metavar="FILE", help="Write the chosen part of it to a new .toml file.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the samples.")
@json_option
@plot_option
def command(**options: Any) -> None:
    """What SPACE holds: a ready search space (mobilenet_v1, tiny, …) or a .toml file; none: all of them.

    With a board, or with --ram and --flash, networks are sampled at every width and resolution: how many
    fit, and how many MACs those have. The pair with the most is the part of the space to search (Lin et
    al. 2020, MCUNet). The exit code is 1 where nothing fits.
    """
    from wakeling.search.space import load_space

    if options["space"] is None:
        _list_ready(options)
        return
    space = load_space(options["space"])
    budget = _budget(options)
    _check(options, budget)
    if options["write"] is not None:
        _write_new(options["write"], _text(options["space"], space))
    if budget is None:
        print_space(space, as_json=options["as_json"])
        return
    from wakeling.search.budget_domain import BudgetDomain

    domain = BudgetDomain(space, budget)
    if options["sample"] is not None:
        _sample(domain, options)
    else:
        _choose(space, domain, options)


def _check(options: dict[str, Any], budget: Budget | None) -> None:
    """Refuse what does not go together, before any work is done."""
    needing = [name for name in ("sample", "narrow", "plot") if options[name] is not None]
    if budget is None and needing:
        raise SpecError(f"--{needing[0]} needs limits; give --board, or --ram and --flash")
    if options["out"] is not None and options["sample"] is None:
        raise SpecError("--out is the folder of sampled networks; give --sample N too")
    if options["sample"] is not None and len(needing) > 1:
        raise SpecError(f"--sample only samples; leave out --{needing[1]}, or run it apart")
    for name in ("write", "narrow"):
        path = options[name]
        if path is None:
            continue
        if path.suffix.lower() != ".toml":
            raise SpecError(f"cannot write a space to {path}: its name must end with .toml")
        if path.exists():
            raise SpecError(f"{path} exists already; give another name, or delete it first")


def _budget(options: dict[str, Any]) -> Budget | None:
    """The limits; None where none was given."""
    from wakeling import boards, cost

    board = boards.load_board(options["board"]) if options["board"] else None
    if all(options[name] is None for name in LIMITS):
        return None
    ram_bytes: int | None = options["ram_bytes"]
    flash_bytes: int | None = options["flash_bytes"]
    if board is not None:
        ram_bytes = board.ram_bytes if ram_bytes is None else ram_bytes
        flash_bytes = board.flash_bytes if flash_bytes is None else flash_bytes
    if ram_bytes is None or flash_bytes is None:
        missing = "--ram" if ram_bytes is None else "--flash"
        raise SpecError(f"{missing} is missing; give it, or a --board that has it")
    return cost.Budget(
        ram_bytes=ram_bytes,
        flash_bytes=flash_bytes,
        macs=options["macs"],
        runtime=options["runtime"],
        frame_us=_thousandths(options, "frame_ms"),
        energy_uj=_thousandths(options, "energy_mj"),
        board=board,
        active_mw=options["active_mw"],
    )


def _thousandths(options: dict[str, Any], name: str) -> int | None:
    value = options[name]
    if value is None:
        return None
    if not 0.001 <= value < float("inf"):
        raise SpecError(f"--{name.replace('_', '-')} is {value}; it must be at least 0.001")
    return int(value * 1000)


def _list_ready(options: dict[str, Any]) -> None:
    """Every ready space; raises SpecError for an option that needs one."""
    from wakeling.search.space import ready_spaces

    for name in (*LIMITS, "active_mw", "sample", "narrow", "write", "plot", "out"):
        if options[name] is not None:
            option = name.removesuffix("_bytes").replace("_", "-")
            raise SpecError(f"--{option} needs a space: one of {', '.join(ready_spaces())}, or a .toml file")
    print_ready(as_json=options["as_json"])


def _text(name: str, space: StagedSpace) -> str:
    """A ready space's own text, with its comments; another one written anew."""
    from wakeling.search.space import ready_spaces, ready_toml, to_toml

    known = name.replace("-", "_")
    return ready_toml(known) if known in ready_spaces() else to_toml(space)


def _write_new(path: Path, text: str) -> None:
    from wakeling.files import write_text

    write_text(path, text)
    console(stderr=True).print(f"written: {path}", markup=False, soft_wrap=True)


def _sample(domain: BudgetDomain, options: dict[str, Any]) -> None:
    """Different feasible networks; as many as were asked for, or as many as are found."""
    import numpy as np

    from wakeling import spec
    from wakeling.files import write_text

    random = np.random.default_rng(options["seed"])
    found: dict[Point, None] = {}
    for _ in range(20 * options["sample"]):
        found[domain.sample(random)] = None
        if len(found) == options["sample"]:
            break
    rows = [_row(domain, point) for point in found]
    folder: Path | None = options["out"]
    if folder is not None:
        texts = {
            folder / f"{row['name']}.toml": spec.to_toml(domain.space.network(point))
            for row, point in zip(rows, found, strict=True)
        }
        for path, text in texts.items():
            if path.exists() and path.read_text(encoding="utf-8") != text:
                raise SpecError(f"{path} exists already and is another network; give another --out")
        for path, text in texts.items():
            write_text(path, text)
        console(stderr=True).print(
            f"written: {len(texts)} networks to {folder}", markup=False, soft_wrap=True
        )
    if options["as_json"]:
        print_json({"format": FORMAT, "space": domain.space.name, "seed": options["seed"], "networks": rows})
        return
    print_sample(domain, rows)


def _row(domain: BudgetDomain, point: Point) -> dict[str, Any]:
    from wakeling.search.space import values_of

    return {
        "name": domain.space.network_name(point),
        **domain.costs(point),
        "runtime": domain.runtime(point),
        "values": values_of(domain.space, point),
    }


def _choose(space: StagedSpace, domain: BudgetDomain, options: dict[str, Any]) -> None:
    from wakeling.search.space import to_toml
    from wakeling.search.space_choice import choice_to_json, choose_space, narrowed

    with progress_bar() as bar:
        task = bar.add_task("sampling", total=len(space.widths) * len(space.resolutions))
        choice = choose_space(
            domain, networks=options["networks"], seed=options["seed"], progress=lambda: bar.advance(task)
        )
    if options["as_json"]:
        print_json({"format": FORMAT, "runtime": options["runtime"], **choice_to_json(choice)})
    else:
        print_choice(space, choice)
    if options["narrow"] is not None:
        _write_new(options["narrow"], to_toml(narrowed(space, choice.chosen)))
    from wakeling.report.space_plot import space_plot

    ram, flash = format_bytes(domain.budget.ram_bytes), format_bytes(domain.budget.flash_bytes)
    title = f"{space.name} in {ram} RAM ({options['runtime']}) and {flash} flash"
    plot_to(options["plot"], lambda: space_plot(choice, title=title))
