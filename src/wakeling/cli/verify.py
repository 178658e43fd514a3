"""`wakeling verify`: does every runtime compute the same numbers?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from wakeling.cli.output import json_option, plot_option, plot_to, print_json, print_table
from wakeling.errors import ModelFileError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from wakeling.quantize.model import QuantizedModel
    from wakeling.report.figures.picture import Picture
    from wakeling.verify import VerificationReport

NOISE_SEED = 1
FEWEST_IMAGES, TARGET_IMAGES = 256, 8
"""Images of a comparison with interpreters, at least; and those that emulated C runs on by default."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--images",
    type=click.IntRange(min=1),
    help=f"How many. Default and least: {FEWEST_IMAGES}; with --target: {TARGET_IMAGES}, and any number.",
)
@click.option("--data", "source", help="Photos to verify on. Default: noise.")
@click.option(
    "--tflite",
    type=click.Path(path_type=Path),
    help="The file to verify. Default: the run's, or a new export.",
)
@click.option(
    "--target", help="Verify the C that is generated for this core, as cortex-m4, on an emulated one."
)
@click.option("--emulator", help="unicorn, qemu or host. Default: the first that knows the target.")
@click.option("--compiler", help="zig or gcc (arm-none-eabi-gcc). Default: zig.")
@click.option(
    "--keep-constant-channels", is_flag=True, help="With --target: drop no channel that is constant."
)
@click.option("--ram", help="With --target: run patch by patch where that is needed to fit, as 64KiB.")
@json_option
@plot_option
def command(
    model: Path,
    images: int | None,
    source: str | None,
    tflite: Path | None,
    target: str | None,
    emulator: str | None,
    compiler: str | None,
    keep_constant_channels: bool,
    ram: str | None,
    as_json: bool,
    plot: Path | None,
) -> int:
    """Compare MODEL's golden interpreter with TensorFlow Lite Micro and LiteRT, bit for bit.

    MODEL is a quantized model (.npz), the folder of a design run, or any int8 .tflite file. Eight
    extreme images are always added. With --target it is compared with the C that `wakeling compile`
    generates, every layer, on an emulated core, where instructions, flash, RAM and stack are measured.
    Exit code 0: all that is installed agrees, 1: something differs.
    """
    if target is not None:
        return _prove(
            model, target, images or TARGET_IMAGES, source, tflite, as_json=as_json, plot=plot,
            emulator=emulator, compiler=compiler, keep=keep_constant_channels, ram=ram,
        )  # fmt: skip
    given = {"--emulator": emulator, "--compiler": compiler, "--ram": ram}
    given["--keep-constant-channels"] = "" if keep_constant_channels else None
    for option, value in given.items():
        if value is not None:
            raise click.UsageError(f"{option} is for generated C; name its core too: --target cortex-m4")
    if images is not None and images < FEWEST_IMAGES:
        raise click.UsageError(f"--images {images} proves little; give at least {FEWEST_IMAGES}")
    return _compare(model, images or FEWEST_IMAGES, source, tflite, as_json=as_json, plot=plot)


def _compare(
    model: Path, images: int, source: str | None, tflite: Path | None, *, as_json: bool, plot: Path | None
) -> int:
    """Golden beside the interpreters."""
    from wakeling.cli.int8_model import load_int8_model
    from wakeling.errors import MissingDependencyError
    from wakeling.verify import verify

    given = load_int8_model(model, tflite, doing="verified")
    loaded, tensors = given.model, given.tensors
    report = verify(loaded, given.content, _images(loaded, source, images), tensors=tensors)
    if all(witness.status == "not measured" for witness in report.witnesses):
        if tensors is None:
            raise MissingDependencyError("tflite-micro or ai-edge-litert", "verify")
        raise ModelFileError(f"{model}: {'; '.join(str(witness.reason) for witness in report.witnesses)}")
    if as_json:
        print_json(report.to_json())
    else:
        _print(report, source)
    plot_to(plot, lambda: _picture(report))
    return 0 if report.agrees else 1


def _prove(
    model: Path,
    target: str,
    images: int,
    source: str | None,
    tflite: Path | None,
    *,
    emulator: str | None,
    compiler: str | None,
    keep: bool,
    ram: str | None,
    as_json: bool,
    plot: Path | None,
) -> int:
    """Golden beside generated C on an emulated core."""
    from wakeling.cli.c_proof import print_proof, proof_picture, proven
    from wakeling.cli.int8_model import load_int8_model
    from wakeling.units import parse_bytes

    ram_bytes = None if ram is None else parse_bytes(ram)
    loaded = load_int8_model(model, tflite, doing="verified").model
    proof = proven(
        loaded,
        target,
        lambda: _with_extremes(loaded, _images(loaded, source, images)),
        emulator=emulator,
        compiler=compiler,
        keep_constant_channels=keep,
        ram_bytes=ram_bytes,
    )
    if as_json:
        print_json(proof.to_json())
    else:
        print_proof(proof, ram_bytes)
    plot_to(plot, lambda: proof_picture(proof))
    return 0 if proof.agrees else 1


def _with_extremes(model: QuantizedModel, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    import numpy as np

    from wakeling.verify.images import extreme_images

    height, width, channels = model.graph.input_shape
    return np.concatenate([extreme_images((height, width, channels)), images])


def _picture(report: VerificationReport) -> Picture:
    """What was compared with each runtime, and what differed."""
    from wakeling.report.figures.panels import Panel, panels

    witnesses = report.witnesses
    counts = (
        ("Images compared", [witness.images for witness in witnesses]),
        ("Images whose outputs differ from golden", [witness.differing_images for witness in witnesses]),
        ("Tensors compared", [witness.tensors for witness in witnesses]),
        ("Largest difference", [witness.largest_difference for witness in witnesses]),
    )
    return panels(
        [f"{witness.name}: {witness.status}" for witness in witnesses],
        [Panel(title=title, values=values, write=lambda value: f"{value:,.0f}") for title, values in counts],
        name="verification",
        title=f"Verification of {report.model}",
        description=report.summary,
    )


def _images(model: QuantizedModel, source: str | None, count: int) -> npt.NDArray[np.uint8]:
    """`count` photos of the source (repeated where there are fewer), or noise."""
    import dataclasses

    import numpy as np

    from wakeling.cli.circumstances import cache_folder
    from wakeling.data import open_photos, pack
    from wakeling.verify.images import noise_images

    height, width, channels = model.graph.input_shape
    if source is None:
        return noise_images((height, width, channels), count, NOISE_SEED)
    photos = open_photos(source)
    packed = pack(
        dataclasses.replace(photos, examples=photos.examples[:count]),
        resolution=height,
        channels=channels,
        cache_dir=cache_folder(),
    )
    return np.resize(np.asarray(packed.images), (count, *packed.images.shape[1:]))


def _print(report: VerificationReport, source: str | None) -> None:
    from rich.markup import escape

    from wakeling.units import format_bytes

    images = f"{report.images} images ({escape(source or 'noise')} and extremes)"
    print_table(
        f"{escape(report.model)}: golden on {images}",
        ("runtime", "version", "answer"),
        [(escape(w.name), w.version or "", w.status) for w in report.witnesses],
    )
    for witness in report.witnesses:
        click.echo(f"{witness.name}: {witness.detail}")
    if report.arena is not None:
        arena = report.arena
        click.echo(
            f"TFLM's arena here (64 bit): {format_bytes(arena.total_bytes)} = "
            f"{format_bytes(arena.head_bytes)} activations + {format_bytes(arena.tail_bytes)} persistent"
        )
    click.echo(report.summary)
