"""From an int8 model to a program: every operator's kernel call, in order, with the memory plan.

The text of the C files is made in `export.c.emit`.
"""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.cost.counts import count
from wakeling.cost.memory import MemoryPlan, patched, wakeling_c
from wakeling.cost.memory.windows import fused_pads
from wakeling.export.c.kernels import Lowering, lower
from wakeling.export.c.program import Call
from wakeling.export.c.targets import Target
from wakeling.graph import Node
from wakeling.ops import Reshape
from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layer:
    """One operator as it is run: the call, and the tensors that it reads and makes.

    A pad that is computed by its readers is seen through: `inputs` names what is in memory.
    """

    step: int
    node: Node
    call: Call
    inputs: tuple[str, ...]
    macs: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Program:
    """A model lowered for a target: its calls in order, and the memory plan that they obey."""

    lowering: Lowering
    plan: MemoryPlan
    layers: tuple[Layer, ...]

    def is_patched(self, layer: Layer) -> bool:
        """Whether a layer runs patch by patch."""
        return self.plan.patch is not None and layer.step < self.plan.patch.operators


def lower_model(model: QuantizedModel, target: Target, plan: MemoryPlan) -> Program:
    """The calls for a model on a target, on a plan of `wakeling_c` or `patched`.

    Raises UnsupportedOpError for an operator that no kernel computes.
    """
    graph = model.graph
    pads = fused_pads(graph)
    lowering = Lowering(model=model, target=target, pads=pads)
    layers = []
    for step, node in enumerate(graph.nodes):
        if isinstance(node.op, Reshape) or node.name in pads:
            continue
        layers.append(
            Layer(
                step=step,
                node=node,
                call=lower(lowering, node),
                inputs=tuple(pads[name].inputs[0] if name in pads else name for name in node.inputs),
                macs=count(node.op, graph.shapes[node.inputs[0]], node.shape).macs,
            )
        )
    return Program(lowering=lowering, plan=plan, layers=tuple(layers))


def plan_of(model: QuantizedModel, ram_bytes: int | None) -> MemoryPlan:
    """Whole images where they fit `ram_bytes` (or there is no limit), else patches where they help."""
    whole = wakeling_c(model.graph)
    if ram_bytes is None or whole.peak_bytes <= ram_bytes:
        return whole
    return patched(model.graph)
