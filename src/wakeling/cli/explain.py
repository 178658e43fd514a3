"""`wakeling explain`: what convolutions and multipliers cost, for the user's own shapes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.number_list import number_list
from wakeling.cli.output import json_option, plot_option, plot_to, print_json
from wakeling.errors import unknown_name

if TYPE_CHECKING:
    from wakeling.lesson import MultiplierLesson
    from wakeling.ops import Padding

stride_option = click.option("--stride", default=1, show_default=True, help="Pixels from window to window.")
kernel_option = click.option("--kernel", default=3, show_default=True, help="Side K of the square window.")
padding_option = click.option(
    "--padding",
    type=click.Choice(["same", "valid"]),
    default="same",
    show_default=True,
    help="Zeros around the map so that the window may start at each pixel, or none.",
)
family_option = click.option(
    "--family", default="mobilenet_v1", show_default=True, help="mobilenet_v1 or mobilenet_v2."
)
imagenet_classes_option = click.option(
    "--classes", default=1000, show_default=True, help="Classes; published accuracies are for 1000."
)
color_option = click.option("--channels", default=3, show_default=True, help="1 (gray) or 3 (RGB).")


class Topics(click.Group):
    """The topics in the order in which they build on each other; an unknown one names the known."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise click.UsageError(unknown_name("topic", args[0], self.commands))
        return super().resolve_command(ctx, args)


@click.group("explain", cls=Topics)
def command() -> None:
    """Why a network costs what it costs: exact numbers, and figures, for your own shapes.

    One convolution (conv), its depthwise-separable halves (separable), the width multiplier (alpha),
    the resolution multiplier (resolution), and the way from 16 MB to 256 KB (gap).
    """


@command.command("conv", short_help="A filter that slides over a feature map.")
@click.option("--height", default=8, show_default=True, help="Rows of the map.")
@click.option("--width", default=8, show_default=True, help="Columns of the map.")
@click.option("--channels", default=3, show_default=True, help="Channels M of the map.")
@click.option("--filters", default=4, show_default=True, help="Number N of filters.")
@kernel_option
@stride_option
@padding_option
@click.option("--bias", is_flag=True, help="Add a bias to each output.")
@plot_option
@json_option
def conv(
    height: int,
    width: int,
    channels: int,
    filters: int,
    kernel: int,
    stride: int,
    padding: Padding,
    bias: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """A filter that slides over a feature map, step by step.

    Positions, multiplications K²·M·N·H·W, additions (K²·M − 1)·N·H·W, parameters and int8 memory.
    """
    from wakeling import lesson
    from wakeling.cli.explanations import print_convolution

    explained = lesson.explain_convolution(
        height=height,
        width=width,
        channels=channels,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        bias=bias,
    )
    if as_json:
        _print_json("conv", explained, steps=lesson.worked_steps(explained))
    else:
        print_convolution(explained)
    if plot:
        from wakeling.report.figures.lesson_convolution import convolution_picture

        plot_to(plot, lambda: convolution_picture(explained))


@command.command("separable", short_help="Standard against depthwise and pointwise convolution.")
@click.option("--height", type=int, help="Rows of the map.  [default: 56, or K where that is more]")
@click.option("--width", type=int, help="Columns of the map.  [default: 56, or K where that is more]")
@click.option("--channels", default=64, show_default=True, help="Channels M of the map.")
@click.option("--filters", default=128, show_default=True, help="Number N of filters.")
@kernel_option
@stride_option
@padding_option
@plot_option
@json_option
def separable(
    height: int | None,
    width: int | None,
    channels: int,
    filters: int,
    kernel: int,
    stride: int,
    padding: Padding,
    plot: Path | None,
    as_json: bool,
) -> None:
    """A standard convolution against its depthwise and pointwise halves: 1/N + 1/K² of the work.

    With 3×3 windows 8 to 9 times cheaper; 100 filters of 512×512 about 100 times.
    """
    from wakeling import lesson
    from wakeling.cli.explanations import print_separable

    explained = lesson.explain_separable(
        height=height,
        width=width,
        channels=channels,
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
    )
    if as_json:
        _print_json("separable", explained)
    else:
        print_separable(explained)
    if plot:
        from wakeling.report.figures.lesson_separable import separable_picture

        plot_to(plot, lambda: separable_picture(explained))


@command.command("alpha", short_help="The width multiplier: exact counts, accuracies, misprints.")
@family_option
@click.option(
    "--alphas",
    callback=number_list(float, "0.25,0.5"),
    default="1,0.75,0.5,0.25",
    show_default=True,
    help="Width multipliers.",
)
@click.option("--resolution", default=224, show_default=True, help="Side of the image in pixels.")
@color_option
@imagenet_classes_option
@plot_option
@json_option
def alpha(
    family: str,
    alphas: tuple[float, ...],
    resolution: int,
    channels: int,
    classes: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """The width multiplier: exact counts beside the published ones, accuracies and misprints.

    The work falls with about α², and the remarks say where the rule fails.
    """
    from wakeling import lesson

    _show_multiplier(
        lesson.explain_alpha(
            family=family, alphas=alphas, resolution=resolution, channels=channels, classes=classes
        ),
        plot,
        as_json,
    )


@command.command("resolution", short_help="The resolution multiplier: work and RAM, not flash.")
@family_option
@click.option(
    "--resolutions",
    callback=number_list(int, "96,128"),
    default="224,192,160,128,96",
    show_default=True,
    help="Sides of the image in pixels.",
)
@click.option("--alpha", default=1.0, show_default=True, help="Width multiplier.")
@color_option
@imagenet_classes_option
@plot_option
@json_option
def resolution(
    family: str,
    resolutions: tuple[int, ...],
    alpha: float,
    channels: int,
    classes: int,
    plot: Path | None,
    as_json: bool,
) -> None:
    """The resolution multiplier ρ, relative to 224 pixels: work and RAM fall with ρ², flash does not."""
    from wakeling import lesson

    _show_multiplier(
        lesson.explain_resolution(
            family=family, resolutions=resolutions, alpha=alpha, channels=channels, classes=classes
        ),
        plot,
        as_json,
    )


@command.command("gap", short_help="From 16 MB to 256 KB: which steps close the gap.")
@family_option
@click.option("--alpha", default=0.25, show_default=True, help="Width multiplier to arrive at.")
@click.option("--resolution", default=96, show_default=True, help="Side in pixels to arrive at.")
@click.option("--channels", default=1, show_default=True, help="1 (gray) or 3 (RGB).")
@click.option("--classes", default=2, show_default=True, help="Classes to arrive at.")
@click.option("--depth", default=1.0, show_default=True, help="Multiplies each stage's blocks.")
@click.option("--board", help="A board's name (see `wakeling boards`) or a .toml file: its flash and RAM.")
@click.option("--flash", help="Your own target instead, such as 256KiB.  [default: the board's, or 256KiB]")
@click.option("--ram", help="Your own target instead, such as 64KiB.  [default: the board's, or 256KiB]")
@click.option("--runtime", default="tflm", show_default=True, help="Who runs it: whose RAM and code count.")
@plot_option
@json_option
def gap(
    family: str,
    alpha: float,
    resolution: int,
    channels: int,
    classes: int,
    depth: float,
    board: str | None,
    flash: str | None,
    ram: str | None,
    runtime: str,
    plot: Path | None,
    as_json: bool,
) -> None:
    """From 16 MB of MobileNet in float32 to a microcontroller's 256 KB: which steps close the gap.

    Each step is made as a network and costed: int8, classes, width, depth, resolution, gray.
    """
    from wakeling import lesson
    from wakeling.cli.explanations import gap_target, print_gap

    name, flash_bytes, ram_bytes = gap_target(board, flash, ram)
    explained = lesson.explain_gap(
        family=family,
        alpha=alpha,
        resolution=resolution,
        channels=channels,
        classes=classes,
        depth=depth,
        target=name,
        flash_target_bytes=flash_bytes,
        ram_target_bytes=ram_bytes,
        runtime=runtime,
    )
    if as_json:
        _print_json("gap", explained)
    else:
        print_gap(explained)
    if plot:
        from wakeling.report.figures.lesson_gap import gap_picture

        plot_to(plot, lambda: gap_picture(explained))


def _show_multiplier(explained: MultiplierLesson, plot: Path | None, as_json: bool) -> None:
    from wakeling import lesson
    from wakeling.cli.explanations import print_multiplier

    if as_json:
        remarks = (*lesson.scaling_remarks(explained), *lesson.printed_remarks(explained))
        _print_json(explained.knob, explained, remarks=remarks)
    else:
        print_multiplier(explained)
    if plot:
        from wakeling.report.figures.lesson_multiplier import multiplier_picture

        plot_to(plot, lambda: multiplier_picture(explained))


def _print_json(topic: str, explained: Any, **more: Any) -> None:
    """Any: a lesson is one of several dataclasses, and `encode` takes each."""
    from wakeling.codec import encode

    print_json({"format": f"wakeling.explain.{topic}/1", **encode(explained, topic), **encode(more, topic)})
