"""An int8 model as C for a core: eliminate what is constant, plan, lower, emit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.cost.memory import MemoryPlan
from wakeling.export.c.emit import emit
from wakeling.export.c.emit.about import About, about_of
from wakeling.export.c.emit.names import check_name
from wakeling.export.c.emit.weights import table_bytes
from wakeling.export.c.lower import Program, lower_model, plan_of
from wakeling.export.c.program import TraceEvent
from wakeling.export.c.targets import Target
from wakeling.quantize.eliminate import Elimination, eliminate, tame
from wakeling.quantize.intervals import intervals
from wakeling.quantize.model import QuantizedModel

Values = npt.NDArray[Any]
"""A tensor of a batch. Any: int8, uint8 or float32."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledModel:
    """C files by their names, and what is known of them.

    `original` is what was compiled, `program` what the C computes: the same numbers with fewer
    channels where `elimination` is given. `events` are the calls of `wakeling_trace` during one run
    of a build with WAKELING_TRACE, in order.
    """

    about: About
    files: Mapping[str, str]
    original: QuantizedModel
    elimination: Elimination | None
    program: Program
    events: tuple[TraceEvent, ...]

    @property
    def plan(self) -> MemoryPlan:
        """Where everything lies in the arena."""
        return self.program.plan

    @property
    def table_bytes(self) -> int:
        """Flash of weights and tables, code not counted."""
        return table_bytes(self.program)

    def expected(self, event: TraceEvent, tensors: Mapping[str, Values], image: int) -> bytes:
        """What an event must report for one image, from the original model's tensors (`golden.run_all`)."""
        values = tensors[event.tensor][image]
        if self.elimination is not None:
            values = values[..., list(self.elimination.kept[event.tensor])]
        if event.box is not None:
            (top, bottom), (left, right) = event.box
            values = values[top:bottom, left:right]
        return np.ascontiguousarray(values).tobytes()


def compile_model(
    model: QuantizedModel,
    target: Target,
    *,
    name: str = "model",
    keep_constant_channels: bool = False,
    ram_bytes: int | None = None,
) -> CompiledModel:
    """C for a core that computes what the golden interpreter computes, bit for bit.

    `name` is the prefix of the C names and files. Channels that are proved constant are dropped,
    unless `keep_constant_channels`. Where whole images take more than `ram_bytes`, the first layers
    run patch by patch (see `cost.memory.patched`). Raises TargetError for a name that is none,
    UnsupportedOpError for an operator that no kernel computes.
    """
    check_name(name)
    elimination = None if keep_constant_channels else eliminate(model)
    computed = tame(model, intervals(model)) if elimination is None else elimination.model
    program = lower_model(computed, target, plan_of(computed, ram_bytes))
    return written(program, model, name=name, elimination=elimination)


def written(
    program: Program, original: QuantizedModel, *, name: str, elimination: Elimination | None = None
) -> CompiledModel:
    """The C files of a program that computes what `original` computes."""
    remarks = () if elimination is None else (f"Exact elimination: {elimination.summary}.",)
    about = about_of(program, name, original.name, original.content_hash, remarks)
    emitted = emit(program, about)
    return CompiledModel(
        about=about,
        files=emitted.files,
        original=original,
        elimination=elimination,
        program=program,
        events=emitted.events,
    )
