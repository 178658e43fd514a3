"""What `wakeling verify --target` prints and draws: the proof of a model's C on an emulated core."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from wakeling.cli.output import print_table, progress_bar
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wakeling.quantize.model import QuantizedModel
    from wakeling.report.figures.picture import Picture
    from wakeling.verify.c.proof_report import CProof, LayerProof

MEASURED = "instructions, measured under emulation"


def proven(
    model: QuantizedModel,
    target: str,
    images: Callable[[], npt.NDArray[np.uint8]],
    *,
    emulator: str | None,
    compiler: str | None,
    keep_constant_channels: bool,
    ram_bytes: int | None,
) -> CProof:
    """The proof, with a bar on stderr while it is made. Raises as `verify.c.proof.prove`."""
    from wakeling.export.c import target_of
    from wakeling.verify.c.emulators import emulator_of
    from wakeling.verify.c.proof import prove

    core = target_of(target)
    emulator_of(core, emulator, compiler)  # refused before photos are read
    with progress_bar() as bar:
        task = bar.add_task("reading images", total=None)
        return prove(
            model,
            core,
            images(),
            compiler=compiler,
            emulator=emulator,
            keep_constant_channels=keep_constant_channels,
            ram_bytes=ram_bytes,
            progress=lambda what, done, total: bar.update(
                task, description=what, completed=done, total=total
            ),
        )


def print_proof(proof: CProof, ram_bytes: int | None) -> None:
    """Every layer with its instructions, then sizes, then the answer."""
    rows = [
        (str(layer.number), layer.tensor, layer.operator, format_count(layer.macs), *_counted(layer))
        for layer in proof.layers
    ]
    counted = proof.instructions is not None
    columns = ("layer", "tensor", "operator", "MACs", *(("instructions", "per MAC") if counted else ()))
    print_table(f"{proof.model} on {proof.target}", columns, rows, text_columns=3)
    click.echo(f"compiled by {proof.compiler}, {proof.optimization}; run by {proof.emulator}")
    if proof.eliminated is not None:
        click.echo(f"exact elimination: {proof.eliminated}")
    for line in _sizes(proof, ram_bytes):
        click.echo(line)
    click.echo(proof.summary)


def proof_picture(proof: CProof) -> Picture:
    """Instructions of each layer as bars, MACs beside them; MACs alone where nothing was counted."""
    from wakeling.report.figures.cost_columns import Column, cost_columns

    counts = [layer.instructions.median for layer in proof.layers if layer.instructions is not None]
    columns = [Column(title=f"MACs: {format_count(proof.macs)}", values=_macs(proof), write=_write)]
    if proof.instructions is not None and len(counts) == len(proof.layers):
        title = f"Instructions: {format_count(proof.instructions.median)}, measured under emulation"
        columns.insert(0, Column(title=title, values=counts, write=_write))
    return cost_columns(
        [layer.tensor for layer in proof.layers],
        [layer.operator for layer in proof.layers],
        columns,
        name="c-proof",
        title=f"The C of {proof.model} on {proof.target}",
        description=proof.summary,
    )


def _counted(layer: LayerProof) -> tuple[str, ...]:
    if layer.instructions is None:
        return ()
    count = layer.instructions.median
    return f"{count:,}", f"{count / layer.macs:.2f}" if layer.macs else ""


def _sizes(proof: CProof, ram_bytes: int | None) -> list[str]:
    lines = []
    if proof.instructions is not None:
        spread = proof.instructions
        more = ""
        if spread.least != spread.most:
            more = f" (median; {spread.least:,} to {spread.most:,} over the images)"
        exact = "" if proof.tick_instructions == 1 else f", to {proof.tick_instructions:g}"
        rate = "" if proof.instructions_per_mac is None else f"; {proof.instructions_per_mac:.2f} a MAC"
        lines.append(f"one run: {spread.median:,} {MEASURED}{exact}{more}{rate}")
    if proof.flash_bytes is None or proof.ram_bytes is None:
        lines.append(f"tables {_bytes(proof.table_bytes)}, arena {_bytes(proof.arena_bytes)}")
        return lines
    lines.append(
        f"flash: {_bytes(proof.flash_bytes)} = {_bytes(proof.table_bytes)} weights and tables + "
        f"{_bytes(proof.flash_bytes - proof.table_bytes)} code"
    )
    parts = (
        f"{_bytes(proof.arena_bytes)} arena (input, output and scratch are in it)",
        f"{_bytes(proof.stack_bytes or 0)} stack (high-water mark)",
        f"{_bytes(proof.data_bytes or 0)} data",
    )
    lines.append(f"RAM: {_bytes(proof.ram_bytes)} = {' + '.join(parts)}")
    if ram_bytes is not None:
        fits = "within" if proof.ram_bytes <= ram_bytes else "MORE than"
        lines.append(f"that is {fits} the {_bytes(ram_bytes)} asked for")
    return lines


def _bytes(size: int) -> str:
    return f"{size:,} B" if size < 1024 else f"{size:,} B ({format_bytes(size)})"


def _macs(proof: CProof) -> list[int]:
    return [layer.macs for layer in proof.layers]


def _write(value: float) -> str:
    return format_count(round(value))
