"""What `wakeling space` prints: the ready spaces, one space, sampled networks, sub-spaces compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.output import print_json, print_table
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from wakeling.search.budget_domain import BudgetDomain
    from wakeling.search.space import Parameter, StagedSpace
    from wakeling.search.space_choice import SpaceChoice

FORMAT = "wakeling.space/1"

ROWS = 12
"""Sub-spaces that the table shows, those with the most MACs first."""


def print_ready(*, as_json: bool) -> None:
    """Every ready space with its size."""
    from wakeling.search.space import load_space, ready_spaces, size_of

    spaces = [load_space(name) for name in ready_spaces()]
    if as_json:
        print_json(
            {
                "format": FORMAT,
                "spaces": [
                    {"name": space.name, "title": space.title, "points": size_of(space)} for space in spaces
                ],
            }
        )
        return
    rows = [(space.name, f"{size_of(space):.2g}", space.title) for space in spaces]
    print_table("Ready search spaces", ("space", "points", "what it is"), rows, text_columns=3)


def print_space(space: StagedSpace, *, as_json: bool) -> None:
    """The knobs of a space and its size."""
    from wakeling.search.space import size_of, to_json

    if as_json:
        print_json({"format": FORMAT, "points": size_of(space), "space": to_json(space)})
        return
    free = [parameter for parameter in space.parameters if len(parameter.choices) > 1]
    fixed = [parameter for parameter in space.parameters if len(parameter.choices) == 1]
    rows = [(parameter.name, str(len(parameter.choices)), _choices(parameter)) for parameter in free]
    print_table(f"{space.name}: {space.title}", ("knob", "choices", "values"), rows, text_columns=3)
    click.echo(f"fixed: {', '.join(f'{parameter.name} {_choices(parameter)}' for parameter in fixed)}")
    click.echo(f"{size_of(space):,} points (equal networks counted more than once)")


def _choices(parameter: Parameter) -> str:
    return ", ".join(
        str(choice).lower()
        if isinstance(choice, bool)
        else f"{choice:g}"
        if isinstance(choice, float)
        else str(choice)
        for choice in parameter.choices
    )


def print_sample(domain: BudgetDomain, rows: Sequence[dict[str, Any]]) -> None:
    """Sampled networks with their costs; how each runs, where the space leaves the choice."""
    columns = ["network", "MACs", "parameters", f"RAM ({domain.budget.runtime})", "flash"]
    cells = [
        [
            row["name"],
            format_count(row["macs"]),
            f"{row['parameters']:,}",
            format_bytes(row["ram_bytes"]),
            format_bytes(row["flash_bytes"]),
        ]
        for row in rows
    ]
    if len({row["runtime"] for row in rows}) > 1:
        columns[3] = "RAM"
        columns.append("planned by")
        for line, row in zip(cells, rows, strict=True):
            line.append(row["runtime"])
    for key, title, unit in (("latency_ms", "time", "ms"), ("energy_mj", "energy", "mJ")):
        if key in rows[0]:
            columns.append(title)
            for line, row in zip(cells, rows, strict=True):
                line.append(f"{row[key]:.4g} {unit}")
    print_table(f"{len(rows)} networks of {domain.space.name} that fit", columns, cells)


def print_choice(space: StagedSpace, choice: SpaceChoice) -> None:
    """The sub-spaces with the most MACs, and the one to search."""
    ranked = sorted(choice.sub_spaces, key=lambda sub_space: sub_space.mean_macs, reverse=True)
    shown = [sub_space for sub_space in ranked if sub_space.macs][:ROWS]
    if choice.chosen not in shown:
        shown.append(choice.chosen)
    rows = [
        (
            f"{'→ ' if sub_space is choice.chosen else '  '}{sub_space.width:g} × {sub_space.resolution}",
            f"{100 * sub_space.share:.3g} %",
            str(len(sub_space.macs)),
            format_count(round(sub_space.mean_macs)),
            *(format_count(sub_space.quantile(share)) for share in (0.1, 0.5, 0.9)),
        )
        for sub_space in shown
    ]
    print_table(
        f"{space.name}: the {len(shown)} of {len(ranked)} widths × resolutions with the most MACs",
        ("width × resolution", "fit", "sampled", "mean MACs", "10 %", "median", "90 %"),
        rows,
    )
    empty = sum(not sub_space.macs for sub_space in ranked)
    chosen = choice.chosen
    click.echo(
        f"{100 * choice.share:.3g} % of the space fits ({empty} of {len(ranked)} pairs hold nothing that "
        f"does); search width {chosen.width:g} at {chosen.resolution} px"
    )
