"""The C files of a program."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources

from wakeling.export.c.emit.about import About
from wakeling.export.c.emit.header import header
from wakeling.export.c.emit.run import whole_layers
from wakeling.export.c.emit.source import source
from wakeling.export.c.emit.stage import stage_of
from wakeling.export.c.emit.text import own_names
from wakeling.export.c.emit.weights import weights_header, weights_source
from wakeling.export.c.lower import Program
from wakeling.export.c.program import TraceEvent

__all__ = ["About", "Emitted", "emit"]

_INCLUDED = re.compile(r'^#include "(wk_\w+\.h)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """C files by their names, and what a traced run reports, in order."""

    files: Mapping[str, str]
    events: tuple[TraceEvent, ...]


def emit(program: Program, about: About) -> Emitted:
    """The header, the model's source, its weights, and the kernels that it uses."""
    calls: list[str] = []
    events: list[TraceEvent] = []
    stage = stage_of(program)
    if stage is not None:
        calls.append(stage.call)
        events += stage.events
    for text, event in whole_layers(program):
        calls.append(text)
        events.append(event)
    body = "\n\n".join(calls)
    texts = {
        f"{about.name}.h": header(about),
        f"{about.name}.c": source(program, about, body, stage.functions if stage else ""),
        "wk_weights.h": weights_header(program),
        "wk_weights.c": weights_source(program),
        **runtime(program),
    }
    return Emitted(
        files={own_names(name, about.name): own_names(text, about.name) for name, text in texts.items()},
        events=tuple(events),
    )


def runtime(program: Program) -> dict[str, str]:
    """The kernels' sources that a program uses, and the headers that these include."""
    wanted = [file for layer in program.layers for file in (*layer.call.headers, *layer.call.sources)]
    found: dict[str, str] = {}
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found[name] = (resources("wakeling.export.c") / "runtime" / name).read_text("utf-8")
            wanted += _INCLUDED.findall(found[name])
    return found
