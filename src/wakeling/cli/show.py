"""`wakeling show`: what a network or a .tflite file is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.cli.network_choice import NETWORK_HELP, knob_options
from wakeling.cli.output import (
    console,
    json_option,
    plot_option,
    plot_to,
    print_json,
    print_table,
)

if TYPE_CHECKING:
    from wakeling.report.figures.picture import Picture
    from wakeling.report.listing import Listing, TensorLine


@click.command("show", epilog=NETWORK_HELP)
@click.argument("network")
@knob_options
@click.option("--layers/--no-layers", default=True, help="Show each layer.  [default: layers]")
@click.option("--trained", is_flag=True, help="Show batch norms and activations apart, as in training.")
@json_option
@plot_option
def command(
    network: str,
    alpha: float | None,
    resolution: int | None,
    channels: int | None,
    classes: int | None,
    depth: float | None,
    layers: bool,
    trained: bool,
    as_json: bool,
    plot: Path | None,
) -> None:
    """What NETWORK is made of: its input and output, its operators, each layer.

    Of a .tflite file, anybody's, also its scales and zero points, its metadata, and which of its
    operators were folded away while it was read. With --plot it is drawn as a column of blocks.
    """
    from wakeling.report.figures.picture import check_plot_path
    from wakeling.report.listing import to_json

    if plot is not None:
        check_plot_path(plot)
    knobs = {
        "alpha": alpha,
        "resolution": resolution,
        "channels": channels,
        "classes": classes,
        "depth": depth,
    }
    listing = _listing(network, trained=trained, **knobs)
    if as_json:
        print_json(to_json(listing))
    else:
        _print(listing, layers=layers)
    plot_to(plot, lambda: _picture(listing))


def _listing(network: str, *, trained: bool, **knobs: float | None) -> Listing:
    from wakeling.cli.network_choice import choose
    from wakeling.fuse import fuse
    from wakeling.report.listing import list_graph

    if network.lower().endswith(".tflite") and not any(value is not None for value in knobs.values()):
        from wakeling.importers import read_tflite

        model = read_tflite(Path(network))
        return list_graph(model.graph, model)
    graph = choose(network, **knobs).graph
    return list_graph(graph if trained else fuse(graph).graph)


def _picture(listing: Listing) -> Picture:
    from wakeling.report.figures.network_blocks import network_blocks

    return network_blocks(listing)


def _print(listing: Listing, *, layers: bool) -> None:
    from wakeling.units import format_bytes, format_count

    if layers:
        quantized = any(layer.output.scale is not None for layer in listing.layers)
        print_table(
            listing.name,
            [
                "layer",
                "operator",
                "from",
                "output",
                "type",
                *(["scale", "zero point"] if quantized else []),
                "parameters",
                "MACs",
            ],
            [
                [
                    layer.output.name,
                    layer.text,
                    _sources(listing, number),
                    _shape(layer.output),
                    layer.output.element,
                    *(_scale(layer.output) if quantized else []),
                    f"{layer.parameters:,}",
                    f"{layer.macs:,}",
                ]
                for number, layer in enumerate(listing.layers)
            ],
            text_columns=3,
        )
    lines = [
        ("input", _end(listing.input)),
        ("output", _end(listing.output) + (f": {', '.join(listing.labels)}" if listing.labels else "")),
        ("operators", ", ".join(f"{count} {name}" for name, count in sorted(listing.operators.items()))),
        ("parameters", f"{listing.parameters:,} (computed)"),
        ("MACs", f"{listing.macs:,} ({format_count(listing.macs)}, computed)"),
    ]
    model = listing.model
    if model is not None:
        from wakeling.report.listing import numbers_of

        counts = ", ".join(f"{count} {name}" for name, count in sorted(model.operator_counts.items()))
        numbers = numbers_of(model)
        lines += [
            ("file", f"{model.file_bytes:,} bytes ({format_bytes(model.file_bytes)})"),
            ("operators in the file", counts),
            ("computes with", numbers or f"nothing of ours: {model.unquantized_reason}"),
            ("metadata", ", ".join(model.metadata_names) or "none"),
        ]
        lines += [(f"folded {entry.operator} {entry.number}", entry.reason) for entry in model.folded]
        if model.description is not None:
            version, content = (model.description.get(key) for key in ("wakeling_version", "content_hash"))
            lines.append(("written by", f"wakeling {version}, content {content}"))
    out = console()
    for title, text in lines:
        out.print(f"{title:<24}{text}", markup=False, soft_wrap=True)


def _sources(listing: Listing, number: int) -> str:
    """Where a layer's inputs come from; nothing where it is the layer above."""
    above = listing.layers[number - 1].output.name if number else listing.input.name
    inputs = listing.layers[number].inputs
    return "" if inputs == (above,) else ", ".join(inputs)


def _shape(tensor: TensorLine) -> str:
    return "×".join(map(str, tensor.shape))


def _scale(tensor: TensorLine) -> tuple[str, str]:
    return ("", "") if tensor.scale is None else (f"{tensor.scale:.6g}", str(tensor.zero_point))


def _end(tensor: TensorLine) -> str:
    """An input or output in one line."""
    said = f"{_shape(tensor)} {tensor.element}"
    if tensor.scale is not None:
        said += f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}"
    return said if tensor.file_name in (None, tensor.name) else f"{said} ({tensor.file_name})"
