"""Compiles a model to C, runs it on an emulated core, and holds every layer against the golden interpreter.

Building and running are in the other modules of this package.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.export.c import CompiledModel, Target, TraceEvent, compile_model
from wakeling.ops import ELEMENT_BYTES, operator_name
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel
from wakeling.verify.c.emulators import Emulator, emulator_of
from wakeling.verify.c.programs import program_sizes, read_program
from wakeling.verify.c.proof_report import CProof, LayerDifference, LayerProof, Spread
from wakeling.verify.c.runs import Run
from wakeling.verify.images import trial_inputs

Inputs = npt.NDArray[Any]
"""Inputs of a batch. Any: int8, uint8 or float32."""

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, and of how many."""

BATCH = 8
"""Images whose tensors the golden interpreter holds at a time."""


def prove(
    model: QuantizedModel,
    target: Target,
    images: npt.NDArray[np.uint8],
    *,
    compiler: str | None = None,
    emulator: str | None = None,
    keep_constant_channels: bool = False,
    ram_bytes: int | None = None,
    progress: Progress = lambda what, done, total: None,
) -> CProof:
    """What the C for a core computes on images (N, height, width, channels), and what it takes.

    Two programs are built: one with a trace of every layer, which is compared with golden bit for bit, and
    one without, whose instructions, stack and sizes are reported. Raises TargetError and
    MissingDependencyError for what cannot be built or run here, UnsupportedOpError for an operator
    without a kernel, DisagreementError where the C crashes.
    """
    chosen = emulator_of(target, emulator, compiler)
    progress("generating C", 0, 4)
    compiled = compile_model(
        model, target, keep_constant_channels=keep_constant_channels, ram_bytes=ram_bytes
    )
    with tempfile.TemporaryDirectory(prefix="wakeling-", ignore_cleanup_errors=True) as name:
        return prove_compiled(compiled, images, emulator=chosen, folder=Path(name), progress=progress)


def prove_compiled(
    compiled: CompiledModel,
    images: npt.NDArray[np.uint8],
    *,
    emulator: Emulator,
    folder: Path,
    progress: Progress = lambda what, done, total: None,
) -> CProof:
    """`prove` for C that is at hand (prefix `model`), with objects kept in `folder`. Raises as `prove`."""
    inputs = trial_inputs(compiled.original, images)
    fed = [np.ascontiguousarray(image).tobytes() for image in inputs]
    progress(f"building with {emulator.compiler.version}", 1, 4)
    traced = emulator.build(compiled.files, folder, True)
    plain = emulator.build(compiled.files, folder, False)
    progress(f"running under {emulator.version}, layer by layer", 2, 4)
    traced_runs = emulator.run(traced, fed)
    progress(f"running under {emulator.version}", 3, 4)
    plain_runs = emulator.run(plain, fed)
    progress("comparing with golden", 4, 4)
    sizes = None if emulator.tick_instructions is None else program_sizes(read_program(plain))
    return CProof(
        model=compiled.original.name,
        content_hash=compiled.original.content_hash,
        target=compiled.about.target,
        compiler=emulator.compiler.version,
        optimization=emulator.optimization,
        emulator=emulator.version,
        tick_instructions=emulator.tick_instructions,
        images=len(images),
        eliminated=None if compiled.elimination is None else compiled.elimination.summary,
        macs=compiled.about.macs,
        bytes_compared=sum(len(event.values) for run in traced_runs for event in run.events),
        difference=_difference(compiled, inputs, traced_runs, plain_runs),
        layers=_layers(compiled, traced_runs),
        instructions=Spread.of([run.instructions for run in plain_runs]),
        table_bytes=compiled.table_bytes,
        flash_bytes=None if sizes is None else sizes.flash_bytes,
        arena_bytes=compiled.about.arena_bytes,
        stack_bytes=max((run.stack_bytes for run in plain_runs if run.stack_bytes is not None), default=None),
        data_bytes=None if sizes is None else sizes.data_bytes,
    )


def _layers(compiled: CompiledModel, runs: Sequence[Run]) -> tuple[LayerProof, ...]:
    """Every layer with its instructions in a run; those of a layer that runs in patches are added up."""
    return tuple(
        LayerProof(
            number=layer.step,
            tensor=layer.node.name,
            operator=operator_name(layer.node.op),
            macs=layer.macs,
            instructions=Spread.of([_instructions(run, layer.step) for run in runs]),
        )
        for layer in compiled.program.layers
    )


def _instructions(run: Run, number: int) -> int | None:
    counts = [event.instructions for event in run.events if event.layer == number]
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _difference(
    compiled: CompiledModel, inputs: Inputs, traced: Sequence[Run], plain: Sequence[Run]
) -> LayerDifference | None:
    """The difference that comes first in a run, on the first image that has it; None where there is none."""
    first: tuple[int, LayerDifference] | None = None
    for start in range(0, len(inputs), BATCH):
        tensors = golden.run_all(compiled.original, inputs[start : start + BATCH])
        for image in range(start, min(start + BATCH, len(inputs))):
            expected = [compiled.expected(event, tensors, image - start) for event in compiled.events]
            output = np.ascontiguousarray(tensors[compiled.original.graph.output][image - start]).tobytes()
            found = _first(compiled, expected, output, traced[image], plain[image], image)
            if found is not None and (first is None or found[0] < first[0]):
                first = found
    return None if first is None else first[1]


def _first(
    compiled: CompiledModel, expected: Sequence[bytes], output: bytes, traced: Run, plain: Run, image: int
) -> tuple[int, LayerDifference] | None:
    """The first difference on one image, with its place in the order of execution."""
    steps = {layer.node.name: layer.step for layer in compiled.program.layers}
    graph = compiled.original.graph
    last = TraceEvent(tensor=graph.output, bytes=len(output))
    numbers = {**steps, graph.output: max(steps.values(), default=0)}
    compared: list[tuple[TraceEvent, bytes, bytes, str]] = [
        (event, right, traced.events[place].values if place < len(traced.events) else b"", _part(event))
        for place, (event, right) in enumerate(zip(compiled.events, expected, strict=True))
    ]
    compared.append((last, output, traced.output, "the answer of the build with trace calls"))
    compared.append((last, output, plain.output, "the answer of the build without trace calls"))
    for place, (event, right, found, where) in enumerate(compared):
        if right != found:
            size = ELEMENT_BYTES[graph.types[event.tensor]]
            return place, LayerDifference(
                number=numbers.get(event.tensor, 0),
                tensor=event.tensor,
                operator=operator_name(graph.by_name[event.tensor].op),
                image=image,
                differing_values=_differing(right, found, size),
                values=len(right) // size,
                where=where,
            )
    return None


def _part(event: TraceEvent) -> str:
    if event.box is None:
        return ""
    (top, bottom), (left, right) = event.box
    return f"rows {top} to {bottom - 1}, columns {left} to {right - 1}"


def _differing(expected: bytes, found: bytes, size: int) -> int:
    """Values that differ, those that one side lacks included."""
    pairs = zip(_values(expected, size), _values(found, size), strict=False)
    return sum(left != right for left, right in pairs) + abs(len(expected) - len(found)) // size


def _values(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))
