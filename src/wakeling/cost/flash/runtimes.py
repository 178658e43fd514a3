"""Flash by runtime: the model's part and the code's part put together, and how sure each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from wakeling.cost.flash.code import code_bytes, kernels
from wakeling.cost.flash.model import Model, c_tables, tables_of, tflite_file
from wakeling.cost.flash.parts import Flash
from wakeling.cost.parameters import Parameters
from wakeling.cost.provenance import Provenance
from wakeling.graph import Graph

TFLM, TFLM_REFERENCE, OWN_C = "tflm", "tflm-reference", "wakeling-c"

RUNTIMES: Mapping[str, str] = MappingProxyType(
    {
        TFLM: "TensorFlow Lite Micro with CMSIS-NN kernels, on a Cortex-M4",
        TFLM_REFERENCE: "TensorFlow Lite Micro with reference kernels, on a Cortex-M4",
        OWN_C: "wakeling's own C, on a Cortex-M4",
    }
)
"""The runtimes whose flash is modelled, in words."""

PROVENANCE: Mapping[str, Provenance] = MappingProxyType(
    {
        TFLM: Provenance(
            kind="modelled",
            how="3 % of the file; code measured for MobileNetV1's operators, divided among them by the "
            "sizes of the kernels as compiled for x86-64",
            source="446,048-byte image of vww_96_int8 (MLPerf Tiny) under QEMU",
            error="3 % of the file, 30 % of what operators add to or take from the measured code",
        ),
        TFLM_REFERENCE: Provenance(
            kind="modelled",
            how="as with CMSIS-NN, its kernels left out",
            source="403,288-byte image of vww_96_int8 (MLPerf Tiny) under QEMU",
            error="3 % of the file, 30 % of what operators add to or take from the measured code",
        ),
        OWN_C: Provenance(
            kind="modelled",
            how="weights, biases, multipliers, shifts and tables exact, all kept; kernels measured as "
            "zig 0.17.1 compiles them",
            source="results/c.md: images of published models under emulation",
            error="3 KB: the largest error on those models was 2 KB",
        ),
    }
)
"""Where each runtime's flash comes from."""


def flash(graph: Graph, parameters: Sequence[Parameters], file_bytes: int | None = None) -> Flash:
    """TFLM with CMSIS-NN, for a fused graph whose nodes have these `parameters`, in the same order.

    `file_bytes` is the size of the `.tflite` file where there is one already. Raises
    UnsupportedOpError for an operator without a code size.
    """
    file = tflite_file(tables_of(graph, parameters), len(graph.nodes), file_bytes)
    return _put_together(file, TFLM, kernels(graph))


def flash_by_runtime(
    graph: Graph, parameters: Sequence[Parameters], file_bytes: int | None = None
) -> dict[str, Flash]:
    """Every runtime of `RUNTIMES` that can run the graph (our C computes with integers only); see `flash`."""
    names, operators = kernels(graph), len(graph.nodes)
    tables = tables_of(graph, parameters)
    file = tflite_file(tables, operators, file_bytes)
    found = {runtime: _put_together(file, runtime, names) for runtime in (TFLM, TFLM_REFERENCE)}
    if not tables.has_float_weights:
        found[OWN_C] = _put_together(c_tables(tables, operators), OWN_C, names)
    return found


def _put_together(model: Model, runtime: str, names: frozenset[str]) -> Flash:
    weights, biases, quantization, structure = model
    return Flash(
        weights_bytes=weights,
        biases_bytes=biases,
        quantization_bytes=quantization,
        structure_bytes=structure,
        runtime_bytes=code_bytes(runtime, names),
    )
