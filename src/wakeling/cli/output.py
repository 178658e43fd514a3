"""What every command shares: `--json`, tables for people, progress bars on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from wakeling.report.figures.picture import Picture

PIPE_WIDTH = 160
"""Columns of a line that is written to no terminal."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def _checked(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse what cannot be drawn to before any work is done."""
    if path is not None:
        from wakeling.report.figures.picture import check_plot_path

        check_plot_path(path)
    return path


plot_option = click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    callback=_checked,
    help="Draw it, to a .png, .svg or .pdf file.",
)


def plot_to(path: Path | None, picture: Callable[[], Picture]) -> None:
    """Draw to the file that `--plot` named, if it did, and say so on stderr."""
    if path is None:
        return
    from wakeling.report.figures.picture import save

    save(picture(), path)
    console(stderr=True).print(f"drawn: {path}", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print plain JSON values to stdout."""
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def console(*, stderr: bool = False) -> Console:
    """A rich console; tables go to stdout, progress and remarks to stderr.

    Where the output goes to no terminal (a file, a pipe), lines have room for any table.
    """
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=PIPE_WIDTH)


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1
) -> None:
    """Print a table; the first `text_columns` columns are left-aligned, the others right-aligned.

    Cells are plain text: what looks like rich's markup (a name with brackets) is printed as it is.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < text_columns else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def progress_bar() -> Progress:
    """A progress bar on stderr with the time left; silent where stderr is no terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    stderr = console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stderr,
        disable=not stderr.is_terminal,
    )
