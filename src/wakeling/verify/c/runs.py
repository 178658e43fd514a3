"""What a runner saw of a model's runs, whichever machine they were on."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

EXIT_CODES = {
    2: "the model's init refuses the arena",
    3: "a run wrote outside the arena",
    4: "the processor met a fault",
    5: "the emulator serves no files",
}
"""What the test program's exit codes mean (see firmware/harness.h)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One call of `wakeling_trace`: the layer's number, what it computed, and its instructions.

    `instructions` are those since the call before (or since the run began), the trace's own left
    out; None where the runner does not count.
    """

    layer: int
    values: bytes
    instructions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a model on one input.

    `instructions` are those of the call of `run`; `stack_bytes` is how far below its caller's stack
    pointer it wrote; None where the runner does not measure. Events are there in a build with
    WAKELING_TRACE alone.
    """

    events: tuple[Event, ...]
    output: bytes
    instructions: int | None
    stack_bytes: int | None


_RECORD = struct.Struct("<iIII")
_OUTPUT = -1


def read_records(content: bytes, *, tick_instructions: float | None) -> Iterator[Run]:
    """The runs in a record file of the test program (see firmware/harness_semihosting.c).

    `tick_instructions` is how many instructions a tick stands for; None: nothing was measured.
    """
    events: list[Event] = []
    position = 0
    while position + _RECORD.size <= len(content):
        layer, size, ticks, stack = _RECORD.unpack_from(content, position)
        position += _RECORD.size
        values = content[position : position + size]
        position += size
        count = None if tick_instructions is None else round(ticks * tick_instructions)
        if layer != _OUTPUT:
            events.append(Event(layer=layer, values=values, instructions=count))
            continue
        yield Run(
            events=tuple(events),
            output=values,
            instructions=count,
            stack_bytes=None if tick_instructions is None else stack,
        )
        events = []
