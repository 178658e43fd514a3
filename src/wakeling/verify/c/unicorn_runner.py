"""Runs the test program on an emulated core, with Unicorn, which pip installs.

The emulator has no devices: it stops at the harness's functions and this module does their work.
"""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from wakeling.errors import DisagreementError, MissingDependencyError, TargetError
from wakeling.verify.c.block_counter import BlockCounter
from wakeling.verify.c.elf import Elf
from wakeling.verify.c.runs import EXIT_CODES, Event, Run

if TYPE_CHECKING:
    from unicorn import Uc

CPUS: Mapping[str, str] = MappingProxyType(
    {
        "cortex-m0plus": "UC_CPU_ARM_CORTEX_M0",
        "cortex-m3": "UC_CPU_ARM_CORTEX_M3",
        "cortex-m4": "UC_CPU_ARM_CORTEX_M4",
        "cortex-m7": "UC_CPU_ARM_CORTEX_M7",
        "cortex-m33": "UC_CPU_ARM_CORTEX_M33",
    }
)
"""What Unicorn calls each core that it knows; it has no Helium."""

TIMEOUT_S = 1800
STACK_BYTES = 65536
_PAINT = b"\xc5"
_PAGE = 4096


def require(core: str) -> None:
    """Raises TargetError for a core that Unicorn does not know, MissingDependencyError without Unicorn."""
    if core not in CPUS:
        raise TargetError(
            f"unicorn emulates {', '.join(CPUS)}, not {core!r}; QEMU has boards with Helium "
            "(--emulator qemu), and this computer runs portable C (--emulator host)"
        )
    if importlib.util.find_spec("unicorn") is None:
        raise MissingDependencyError("unicorn", "emulate")


def version() -> str:
    """Unicorn's name and version."""
    import unicorn

    return f"unicorn {unicorn.__version__}"


def run(elf: Elf, core: str, inputs: Sequence[bytes], *, timeout_s: float = TIMEOUT_S) -> Iterator[Run]:
    """Run the program on each input, one after the other in one life of the program.

    Raises MissingDependencyError without Unicorn, TargetError for a core that it does not know and for
    a program that takes longer than `timeout_s`, DisagreementError for one that faults.
    """
    require(core)
    machine = _Machine(elf, core, inputs)
    machine.go(timeout_s)
    yield from machine.runs


class _Machine:
    """One life of the program. Mutable: filled by the emulator's callbacks."""

    def __init__(self, elf: Elf, core: str, inputs: Sequence[bytes]) -> None:
        import unicorn
        from unicorn import arm_const

        self.runs: list[Run] = []
        self._elf, self._inputs = elf, iter(inputs)
        self._engine = unicorn.Uc(
            unicorn.UC_ARCH_ARM,
            unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS,
            getattr(arm_const, CPUS[core]),
        )
        self._registers = [getattr(arm_const, f"UC_ARM_REG_R{index}") for index in range(3)]
        self._stack_pointer, self._counter_register = arm_const.UC_ARM_REG_SP, arm_const.UC_ARM_REG_PC
        _load(self._engine, elf)
        self._counter = BlockCounter(self._engine, elf)
        self._events: list[Event] = []
        self._counted = self._started = self._painted_top = 0
        self._stack_bytes = 0
        self._exit_code: int | None = None
        calls: Mapping[str, Callable[[int, int, int], None]] = {
            "harness_next": self._next,
            "harness_start": self._start,
            "harness_stop": self._stop,
            "harness_output": self._output,
            "harness_exit": self._exit,
            "wakeling_trace": self._trace,
        }
        for name, function in calls.items():
            self._on_call(name, function)

    def _on_call(self, name: str, function: Callable[[int, int, int], None]) -> None:
        import unicorn

        def called(engine: Uc, address: int, size: int, data: object) -> None:
            function(*(engine.reg_read(register) for register in self._registers))

        address = self._elf.symbols.get(name)
        if address is not None:
            self._engine.hook_add(unicorn.UC_HOOK_CODE, called, begin=address, end=address)

    def go(self, timeout_s: float) -> None:
        """Run until the program exits."""
        import unicorn

        self._engine.reg_write(self._stack_pointer, self._elf.symbols["stack_top"])
        try:
            with _interruptible(self._engine):
                self._engine.emu_start(self._elf.entry | 1, 0, timeout=int(timeout_s * 1e6))
        except unicorn.UcError as problem:
            raise DisagreementError(f"the generated code faults: {problem} {self._where()}") from None
        if self._exit_code is None:
            raise TargetError(f"the program did not end within {timeout_s:.0f} s {self._where()}")
        if self._exit_code != 0:
            what = EXIT_CODES.get(self._exit_code, f"exit code {self._exit_code}")
            raise DisagreementError(f"the test program failed: {what}")

    def _where(self) -> str:
        at = self._engine.reg_read(self._counter_register)
        after = f", after layer {self._events[-1].layer}" if self._events else ""
        return f"(in {self._elf.function_at(at)} on input {len(self.runs)}{after})"

    def _next(self, address: int, size: int, _: int) -> None:
        content = next(self._inputs, None)
        self._engine.reg_write(self._registers[0], content is not None)
        if content is None:
            return
        if len(content) != size:
            raise TargetError(f"an input has {len(content)} bytes, the model takes {size}")
        self._engine.mem_write(address, content)

    def _start(self, *_: int) -> None:
        self._events = []
        self._painted_top = self._engine.reg_read(self._stack_pointer)
        self._engine.mem_write(self._painted_top - STACK_BYTES, _PAINT * STACK_BYTES)
        self._started = self._counted = self._counter.instructions

    def _trace(self, layer: int, address: int, size: int) -> None:
        now = self._counter.instructions
        values = bytes(self._engine.mem_read(address, size))
        self._events.append(Event(layer=layer, values=values, instructions=now - self._counted))
        self._counted = now

    def _stop(self, *_: int) -> None:
        self._counted = self._counter.instructions
        stack = bytes(self._engine.mem_read(self._painted_top - STACK_BYTES, STACK_BYTES))
        self._stack_bytes = len(stack.lstrip(_PAINT))

    def _output(self, address: int, size: int, _: int) -> None:
        self.runs.append(
            Run(
                events=tuple(self._events),
                output=bytes(self._engine.mem_read(address, size)),
                instructions=self._counted - self._started,
                stack_bytes=self._stack_bytes,
            )
        )

    def _exit(self, code: int, *_: int) -> None:
        self._exit_code = code
        self._engine.emu_stop()


@contextlib.contextmanager
def _interruptible(engine: Uc) -> Iterator[None]:
    """Ctrl-C stops the engine, and is raised when it stands still.

    Raised in the middle of a callback it could be lost, and the run would go on without that call.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []

    def stop(number: int, frame: object) -> None:
        pressed.append(number)
        engine.emu_stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if pressed:
            raise KeyboardInterrupt


def _load(engine: Uc, elf: Elf) -> None:
    """Map flash for reading and running, RAM for reading and writing, and nothing else."""
    import unicorn

    start, end = elf.symbols["ram_start"], elf.symbols["stack_top"]
    engine.mem_map(start, end - start, unicorn.UC_PROT_READ | unicorn.UC_PROT_WRITE)
    first = min(part.address for part in elf.segments) // _PAGE * _PAGE
    last = max(part.address + len(part.content) for part in elf.segments)
    engine.mem_map(first, -(-(last - first) // _PAGE) * _PAGE, unicorn.UC_PROT_READ | unicorn.UC_PROT_EXEC)
    for part in elf.segments:
        engine.mem_write(part.address, part.content)
