"""The machines that can run the C of a target: emulated cores, emulated boards, this computer.

Each builds its own program; how they run it is in `unicorn_runner`, `qemu_runner` and `host_runner`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wakeling.errors import TargetError, unknown_name
from wakeling.export.c.targets import Target
from wakeling.verify.c import host_runner, qemu_runner, unicorn_runner
from wakeling.verify.c.programs import emulator_program, read_program
from wakeling.verify.c.runs import Run
from wakeling.verify.c.toolchain import OPTIMIZATION, Compiler, CompilerName, compiler_of, has_gcc, host

COMPILERS: tuple[CompilerName, ...] = ("zig", "gcc")

Files = Mapping[str, str]
"""C texts by their names, with the prefix `model`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """What builds and runs the test program for one target.

    `build` makes the program in a folder, with trace calls or without, `run` runs it on each input.
    `tick_instructions` is how finely it counts instructions, None where it does not count and where
    sizes mean nothing.
    """

    version: str
    compiler: Compiler
    optimization: str
    tick_instructions: float | None
    build: Callable[[Files, Path, bool], Path]
    run: Callable[[Path, Sequence[bytes]], tuple[Run, ...]]


def _unicorn(target: Target, compiler: str | None) -> Emulator:
    """An emulated core without devices."""
    unicorn_runner.require(target.name)
    chosen = _cross_compiler(target, compiler)
    return Emulator(
        version=unicorn_runner.version(),
        compiler=chosen,
        optimization=OPTIMIZATION,
        tick_instructions=1.0,
        build=lambda files, folder, trace: emulator_program(
            files, target, chosen, folder=folder, trace=trace
        ),
        run=lambda program, inputs: tuple(unicorn_runner.run(read_program(program), target.name, inputs)),
    )


def _qemu(target: Target, compiler: str | None) -> Emulator:
    """An emulated board."""
    board = qemu_runner.board_of(target.name)
    qemu_runner.program()
    chosen = _cross_compiler(target, compiler)
    return Emulator(
        version=f"{qemu_runner.version()}, {board.machine}",
        compiler=chosen,
        optimization=OPTIMIZATION,
        tick_instructions=board.tick_instructions,
        build=lambda files, folder, trace: emulator_program(
            files,
            target,
            chosen,
            folder=folder,
            trace=trace,
            harness="harness_semihosting.c",
            memories=board.memories,
        ),
        run=lambda program, inputs: tuple(qemu_runner.run(program, target.name, inputs)),
    )


def _host(target: Target, compiler: str | None) -> Emulator:
    """This computer, with sanitizers."""
    if compiler is not None:
        raise TargetError("this computer's own compiler builds for it; leave --compiler out")
    host_runner.check(target)
    return Emulator(
        version=host_runner.version(),
        compiler=host(),
        optimization=host_runner.OPTIMIZATION,
        tick_instructions=None,
        build=lambda files, folder, trace: host_runner.host_program(
            files, target, folder=folder, trace=trace
        ),
        run=lambda program, inputs: tuple(host_runner.run(program, inputs)),
    )


EMULATORS: Mapping[str, Callable[[Target, str | None], Emulator]] = MappingProxyType(
    {"unicorn": _unicorn, "qemu": _qemu, "host": _host}
)
"""What runs the C, by the names of `--emulator`."""


def emulator_of(target: Target, name: str | None, compiler: str | None) -> Emulator:
    """The emulator and the compiler of these names, or those that suit the target.

    Without a name that is Unicorn for the cores that it knows, QEMU for the others, and this computer for
    portable C. Raises TargetError and MissingDependencyError for what is unknown, does not fit, or is
    not installed.
    """
    if name is None:
        name = "host" if target.cpu is None else "unicorn" if target.name in unicorn_runner.CPUS else "qemu"
    if name not in EMULATORS:
        raise TargetError(unknown_name("emulator", name, EMULATORS))
    return EMULATORS[name](target, compiler)


def _cross_compiler(target: Target, name: str | None) -> Compiler:
    """The named compiler; without a name zig, or GCC where only that is installed."""
    if name is None:
        name = "gcc" if importlib.util.find_spec("ziglang") is None and has_gcc() else "zig"
    for known in COMPILERS:
        if known == name:
            compiler = compiler_of(known)
            compiler.flags_for(target)
            return compiler
    raise TargetError(unknown_name("compiler", name, COMPILERS))
