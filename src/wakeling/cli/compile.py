"""`wakeling compile`: an int8 model in, C for a core or a ready project out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wakeling.cli.output import json_option, print_json
from wakeling.errors import DoesNotFitError, TargetError, unknown_name

if TYPE_CHECKING:
    from wakeling.export.c.projects import Firmware


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", required=True, metavar="CORE", help="The core: cortex-m4, …, portable for any.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write.")
@click.option(
    "--project",
    "kind",
    default="plain",
    show_default=True,
    metavar="KIND",
    help="plain, baremetal, arduino, zephyr, esp-idf or tflm.",
)
@click.option("--name", default="model", show_default=True, help="The prefix of files and C names.")
@click.option("--ram", metavar="BYTES", help="Run the first layers patch by patch to stay below, as 64KiB.")
@click.option("--keep-constant-channels", is_flag=True, help="Compute channels that are proved constant too.")
@click.option(
    "--camera",
    metavar="FORMAT:WxH",
    help="Frames to preprocess: rgb565:320x240, yuyv:160x120:crop=120x120, …",
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    help="The probability from which it is there. Default: the run's, or 0.5.",
)
@click.option(
    "--release",
    type=click.FloatRange(0, 1),
    help="The probability below which it is gone. Default: 0.1 below the threshold.",
)
@click.option(
    "--smooth", default="3", show_default=True, metavar="N", help="Mean of N frames; exp8: an eighth a frame."
)
@click.option(
    "--frames",
    type=click.IntRange(min=1),
    default=2,
    show_default=True,
    help="How many frames in a row a change must last.",
)
@click.option("--wake-output", type=click.IntRange(min=0), help="The wake word's output. Default: the last.")
@click.option(
    "--picture", type=click.Path(path_type=Path), help="A photo for the self-test. Default: a drawn scene."
)
@click.option("--force", is_flag=True, help="Write where other files are; the old folder is kept beside.")
@json_option
def command(
    model: Path,
    target: str,
    out: Path,
    kind: str,
    name: str,
    ram: str | None,
    keep_constant_channels: bool,
    camera: str | None,
    threshold: float | None,
    release: float | None,
    smooth: str,
    frames: int,
    wake_output: int | None,
    picture: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Write MODEL as plain C: the same numbers as its interpreter's, with neither heap nor library.

    MODEL is a quantized model (.npz), the folder of a design run, or any int8 .tflite file. With
    --camera the C takes frames: it crops and resizes them exactly as training photos were. Outputs
    are smoothed and compared with a threshold. Every project has a test picture with the output
    that belongs to it.
    """
    from wakeling.cli.firmware_folder import check_folder, write_folder
    from wakeling.cli.firmware_parts import check_feed, decision_for, sample_for
    from wakeling.cli.int8_model import load_int8_model
    from wakeling.export.c import compile_model, target_of
    from wakeling.export.c.camera import parse_camera
    from wakeling.export.c.decision import parse_smoothing
    from wakeling.export.c.projects import INTERPRETED, PROJECTS, Firmware, project
    from wakeling.units import parse_bytes

    core, smoothing = target_of(target), parse_smoothing(smooth)
    setup = None if camera is None else parse_camera(camera)
    ram_bytes = None if ram is None else parse_bytes(ram)
    if kind not in PROJECTS:
        raise TargetError(unknown_name("project", kind, PROJECTS))
    if kind in INTERPRETED and (camera, threshold, release, wake_output) != (None, None, None, None):
        raise TargetError(
            f"the project {kind!r} holds no camera and no decision of ours; leave --camera, --threshold, "
            "--release and --wake-output out, or take another --project"
        )
    check_folder(out, force=force)
    given = load_int8_model(model, doing="compiled")
    if setup is not None:
        check_feed(given, model)
    compiled = compile_model(
        given.model,
        core,
        name=name,
        keep_constant_channels=keep_constant_channels,
        ram_bytes=ram_bytes,
    )
    arena_bytes = compiled.plan.peak_bytes
    if ram_bytes is not None and arena_bytes > ram_bytes:
        raise DoesNotFitError(
            f"the arena takes {arena_bytes:,} bytes even in patches, --ram gave {ram_bytes:,}; "
            "give more, or take a smaller model"
        )
    decision = decision_for(
        given,
        model,
        threshold=threshold,
        release=release,
        smoothing=smoothing,
        frames=frames,
        output=wake_output,
    )
    firmware = Firmware(
        compiled=compiled,
        sample=sample_for(given, model, picture),
        content=given.content,
        camera=setup,
        decision=decision,
    )
    contents = project(kind, firmware)
    kept = write_folder(out, contents, force=force)
    if as_json:
        print_json({**_facts(firmware, kind), "files": sorted(contents), "out": str(out)})
    else:
        _print(firmware, kind, out, contents, kept)


def _facts(firmware: Firmware, kind: str) -> dict[str, Any]:
    """What was made, as plain JSON values; every figure is computed."""
    compiled, about = firmware.compiled, firmware.compiled.about
    elimination, code, decision = compiled.elimination, firmware.camera_code, firmware.decision
    return {
        "model": about.title,
        "content_hash": about.content_hash,
        "target": about.target,
        "project": kind,
        "name": about.name,
        "table_bytes": compiled.table_bytes,
        "arena_bytes": about.arena_bytes,
        "macs": about.macs,
        "patches": None if compiled.plan.patch is None else dataclasses.asdict(compiled.plan.patch),
        "channels": None
        if elimination is None
        else {"before": elimination.before.channels, "after": elimination.after.channels},
        "camera": None
        if code is None
        else {
            "memory_bytes": code.memory_bytes,
            "in_arena": code.arena_offset is not None,
            "table_bytes": code.table_bytes,
        },
        "decision": None if decision is None else dataclasses.asdict(decision),
        "test_picture": firmware.sample.origin,
        "expected_output": firmware.sample.output.ravel().tolist(),
    }


def _print(
    firmware: Firmware, kind: str, out: Path, contents: Mapping[str, bytes], kept: Path | None
) -> None:
    from wakeling.export.c.projects import INTERPRETED
    from wakeling.units import format_bytes

    click.echo(f"{firmware.compiled.about.title} for {firmware.compiled.about.target}, as {kind}: {out}")
    if kind in INTERPRETED:
        click.echo("TensorFlow Lite Micro runs it: no C of ours, no camera, no decision is in this project")
    else:
        _print_code(firmware)
    click.echo(f"test picture: {firmware.sample.origin}")
    sizes = sum(map(len, contents.values()))
    click.echo(f"written: {len(contents)} files, {format_bytes(sizes)}")
    if kept is not None:
        click.echo(f"the old folder is kept: {kept}")
    click.echo(f"next: {out / 'README.md'}")


def _print_code(firmware: Firmware) -> None:
    """What the generated C takes, computed, and what it decides."""
    from wakeling.units import format_bytes

    compiled, about, code = firmware.compiled, firmware.compiled.about, firmware.camera_code
    click.echo(f"flash of tables: {format_bytes(compiled.table_bytes)}, computed; code comes on top")
    click.echo(
        f"arena in RAM: {format_bytes(about.arena_bytes)}, computed; it holds input, output and scratch"
    )
    patch = compiled.plan.patch
    if patch is not None:
        click.echo(
            f"patches: the first {patch.operators} operators run {patch.rows}x{patch.columns} times, "
            f"{patch.added_macs:,} MACs more"
        )
    click.echo(f"MACs: {about.macs:,}")
    if compiled.elimination is not None:
        click.echo(f"exact elimination: {compiled.elimination.summary}")
    if code is not None:
        where = "in the arena, beside the input" if code.arena_offset is not None else "in memory of yours"
        click.echo(f"camera: {format_bytes(code.memory_bytes)} of RAM for rows, {where}")
    if firmware.decision is None:
        click.echo("decision: none, the outputs are no integers")
    else:
        decision = firmware.decision
        click.echo(
            f"decision: output {decision.output} appears at {decision.on}, disappears below {decision.off}"
        )
