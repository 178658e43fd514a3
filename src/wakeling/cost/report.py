"""What a graph costs: per layer and in total. A pure function of the graph.

The counts are those of the deployed network: batch norms folded, activations fused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from wakeling.cost import parameters as parameter_table
from wakeling.cost.counts import count
from wakeling.cost.flash import PROVENANCE as FLASH_PROVENANCE
from wakeling.cost.flash import Flash, flash_by_runtime
from wakeling.cost.memory import OWN_C_PLANNERS, PLANNERS, RAM_PROVENANCE, MemoryPlan, plans
from wakeling.cost.parameters import BIAS_BYTES, Parameters
from wakeling.cost.provenance import Provenance
from wakeling.errors import WakelingError, unknown_name
from wakeling.fuse import FusedGraph, as_it_is, fuse
from wakeling.graph import Graph
from wakeling.ops import ELEMENT_BYTES, Activation, Shape, operator_name

PROVENANCE: Mapping[str, Provenance] = MappingProxyType(
    {
        "macs": Provenance(kind="computed", how="formula of each operator; padding counted as pixels"),
        "multiplications": Provenance(kind="computed", how="formula of each operator"),
        "additions": Provenance(kind="computed", how="formula of each operator, biases included"),
        "other_operations": Provenance(kind="computed", how="formula of each operator"),
        "parameters.training": Provenance(
            kind="computed", how="weights, biases and four values a channel of each batch norm"
        ),
        "parameters.trainable": Provenance(
            kind="computed", how="weights, biases and two learned values a channel of each batch norm"
        ),
        "parameters.deployed": Provenance(kind="computed", how="weights and biases, batch norms folded"),
        "weight_bytes": Provenance(
            kind="computed", how="int8 weights and int32 biases (float32 both, in a float32 network)"
        ),
        **{f"ram_bytes.{runtime}": origin for runtime, origin in RAM_PROVENANCE.items()},
        "flash_bytes": FLASH_PROVENANCE["tflm"],
        "flash.file_bytes": Provenance(
            kind="modelled",
            how="weights and tables exact, structure by constants fitted to exported files; exact where "
            "there is a file",
            error="3 %",
        ),
        "flash.runtime_bytes": Provenance(
            kind="modelled",
            how="TensorFlow Lite Micro with CMSIS-NN on a Cortex-M4: measured for MobileNetV1's operators "
            "(1.7 KB less on a Cortex-M7, 11.6 KB less on a Cortex-M55), divided among them by a model",
            source=FLASH_PROVENANCE["tflm"].source,
            error="30 % of what operators add to or take from the measured 85,112 bytes",
        ),
        **{f"flash_by_runtime.{runtime}": origin for runtime, origin in FLASH_PROVENANCE.items()},
    }
)
"""Where each figure of a report comes from, by its path in the JSON report."""


class LayerCost(NamedTuple):
    """One operator of the deployed graph with what was folded into it.

    `ram_bytes` is what is alive while it runs (liveness). A named tuple, because a search makes a
    hundred thousand of them a second.
    """

    name: str
    operator: str
    input_shape: Shape
    output_shape: Shape
    macs: int
    multiplications: int
    additions: int
    other_operations: Mapping[str, int]
    training_parameters: int
    trainable_parameters: int
    deployed_parameters: int
    weight_bytes: int
    ram_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostReport:
    """A network's cost on one image; bytes and counts, each with its origin in `PROVENANCE`.

    Parameters come three ways: all that training keeps (as Keras counts), those that it learns (as
    torch counts: without the batch norms' statistics), and those that are deployed.
    `memory` has one plan for each runtime, and `ram_bytes` its peak. `flash` is TensorFlow Lite
    Micro's with CMSIS-NN, `flash_by_runtime` every runtime's, and `flash_bytes` all that must fit the
    board but for the user's own program.
    """

    name: str
    input_shape: Shape
    macs: int
    multiplications: int
    additions: int
    other_operations: Mapping[str, int]
    training_parameters: int
    trainable_parameters: int
    deployed_parameters: int
    weight_bytes: int
    memory: Mapping[str, MemoryPlan]
    flash_by_runtime: Mapping[str, Flash]
    layers: tuple[LayerCost, ...]

    @property
    def flash(self) -> Flash:
        """Flash under TensorFlow Lite Micro with CMSIS-NN kernels."""
        return self.flash_by_runtime["tflm"]

    @property
    def ram_bytes(self) -> Mapping[str, int]:
        """Peak activation memory by runtime."""
        return {runtime: plan.peak_bytes for runtime, plan in self.memory.items()}

    def flash_of(self, runtime: str) -> Flash:
        """Flash under the runtime that a memory planner is named after.

        `wakeling-c` and `patched` are our own C (where it can run the network); all others stand for
        TensorFlow Lite Micro.
        """
        own = self.flash_by_runtime.get("wakeling-c") if runtime in OWN_C_PLANNERS else None
        return own or self.flash

    @property
    def flash_bytes(self) -> int:
        """The model file and the runtime's code."""
        return self.flash.total_bytes

    @property
    def provenance(self) -> Mapping[str, Provenance]:
        """Where each figure that the report has comes from, by its path in the JSON report."""
        there = {"ram_bytes": self.memory, "flash_by_runtime": self.flash_by_runtime}
        parted = {path: path.partition(".") for path in PROVENANCE}
        return {
            path: PROVENANCE[path]
            for path, (group, _, runtime) in parted.items()
            if not runtime or runtime in there.get(group, {runtime: None})
        }


def cost(
    graph: Graph,
    *,
    runtimes: Iterable[str] | None = None,
    file_bytes: int | None = None,
    is_deployed: bool = False,
) -> CostReport:
    """The cost of a graph as it is trained (or already fused).

    `runtimes` names the memory planners to run (None: all of `PLANNERS`); `liveness`, which the
    layers' RAM is, always runs. `file_bytes` is the size of the `.tflite` file where there is one
    already. With `is_deployed` the graph is costed as it is: a finished model's operators run as its
    file has them, even where two could be fused. Raises UnsupportedOpError for an operator that a
    table lacks and WakelingError for an unknown runtime.
    """
    fused = as_it_is(graph) if is_deployed else fuse(graph)
    deployed = fused.graph
    memory = _plans(deployed, runtimes)
    shapes = deployed.shapes
    counted = [parameter_table.parameters(op, shapes[inputs[0]]) for _, op, inputs, _ in deployed.nodes]
    trained = _trained_parameters(graph, fused, counted)
    layers = _layers(deployed, counted, trained, memory["liveness"].live_bytes)
    # Any: the columns of the layers' table hold names, shapes and numbers
    totals: dict[str, Any] = dict(zip(LayerCost._fields, zip(*layers, strict=True), strict=True))
    other: dict[str, int] = {}
    for amounts in totals["other_operations"]:
        for name, amount in amounts.items():
            other[name] = other.get(name, 0) + amount
    return CostReport(
        name=graph.name,
        input_shape=graph.input_shape,
        macs=sum(totals["macs"]),
        multiplications=sum(totals["multiplications"]),
        additions=sum(totals["additions"]),
        other_operations=other,
        training_parameters=sum(totals["training_parameters"]),
        trainable_parameters=sum(totals["trainable_parameters"]),
        deployed_parameters=sum(totals["deployed_parameters"]),
        weight_bytes=sum(totals["weight_bytes"]),
        memory=memory,
        flash_by_runtime=flash_by_runtime(deployed, counted, file_bytes),
        layers=layers,
    )


def _plans(deployed: Graph, runtimes: Iterable[str] | None) -> dict[str, MemoryPlan]:
    chosen = PLANNERS if runtimes is None else dict.fromkeys(("liveness", *runtimes))
    for runtime in chosen:
        if runtime not in PLANNERS:
            raise WakelingError(unknown_name("runtime", runtime, PLANNERS))
    return plans(deployed, chosen)


def _trained_parameters(
    graph: Graph, fused: FusedGraph, counted: list[Parameters]
) -> Iterator[tuple[int, int]]:
    """Of each deployed node, with what was folded into it: all parameters, and those that are learned."""
    if fused.graph is graph:
        for own in counted:
            learned = own.weights + own.biases
            yield learned + own.statistics, learned
        return
    shapes = graph.shapes
    kept = {
        name: parameter_table.parameters(op, shapes[inputs[0]])
        for name, op, inputs, _ in graph.nodes
        if type(op) is not Activation
    }
    for members in fused.origins.values():
        learned = statistics = 0
        for name in members:
            if name in kept:
                weights, biases, _, measured = kept[name]
                learned += weights + biases
                statistics += measured
        yield learned + statistics, learned


def _layers(
    deployed: Graph,
    counted: list[Parameters],
    trained: Iterator[tuple[int, int]],
    live_bytes: tuple[int, ...],
) -> tuple[LayerCost, ...]:
    shapes, types = deployed.shapes, deployed.types
    layers = []
    for node, own, (training, trainable), ram_bytes in zip(
        deployed.nodes, counted, trained, live_bytes, strict=True
    ):
        name, op, inputs, target = node
        source = shapes[inputs[0]]
        macs, multiplications, additions, other = count(op, source, target)
        layers.append(
            LayerCost(
                name,
                operator_name(op),
                source,
                target,
                macs,
                multiplications,
                additions,
                other,
                training,
                trainable,
                own.weights + own.biases,
                ELEMENT_BYTES[types[inputs[0]]] * own.weights + BIAS_BYTES * own.biases,
                ram_bytes,
            )
        )
    return tuple(layers)
