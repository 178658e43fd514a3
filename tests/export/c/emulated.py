"""Builds generated models for an emulated core and compares every layer with the golden interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.export.c.host_models import inputs_of
from wakeling.export.c import CompiledModel
from wakeling.export.c.targets import Target
from wakeling.quantize import golden
from wakeling.verify.c import unicorn_runner
from wakeling.verify.c.programs import emulator_program, read_program
from wakeling.verify.c.toolchain import Compiler, zig


@dataclass(frozen=True)
class Measured:
    """Instructions of each layer by its tensor, and the stack's high-water mark in bytes."""

    instructions: Mapping[str, int]
    stack_bytes: int


def run_on(
    target: Target,
    model: CompiledModel,
    folder: Path,
    *,
    compiler: Compiler | None = None,
    images: int = 2,
    optimization: str = "-O2",
) -> Measured:
    """Run noise images; every layer of each must equal golden. `folder` keeps objects for the next model."""
    folder.mkdir(parents=True, exist_ok=True)
    program = emulator_program(
        model.files, target, compiler or zig(), folder=folder, trace=True, optimization=optimization
    )
    inputs = inputs_of(model.original, images, seed=1)
    tensors = golden.run_all(model.original, inputs)
    elf = read_program(program)
    instructions: dict[str, int] = {}
    stack_bytes = 0
    runs = unicorn_runner.run(elf, target.name, [values.tobytes() for values in inputs])
    for image, run in enumerate(runs):
        assert len(run.events) == len(model.events)
        for event, seen in zip(model.events, run.events, strict=True):
            node = model.original.graph.by_name[event.tensor]
            assert seen.values == model.expected(event, tensors, image), (image, node)
            instructions[event.tensor] = seen.instructions or 0
        stack_bytes = max(stack_bytes, run.stack_bytes or 0)
    return Measured(instructions=instructions, stack_bytes=stack_bytes)


def functions_of(models: Sequence[CompiledModel]) -> set[str]:
    """The kernels that models call, and the loops that these are given."""
    found = set()
    for model in models:
        for layer in model.program.layers:
            found.add(layer.call.function)
            members = layer.call.layer or {}
            found |= {value for value in members.values() if isinstance(value, str)}
    return found


__all__ = ["Measured", "functions_of", "run_on"]
