"""Where each runtime's RAM figure comes from, and how far it can be off."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from wakeling.cost.provenance import Provenance

RAM_PROVENANCE: Mapping[str, Provenance] = MappingProxyType(
    {
        "liveness": Provenance(
            kind="computed",
            how="largest sum of live tensors in the given order, nothing in place; a runtime's own needs "
            "come on top",
        ),
        "best-order": Provenance(
            kind="computed",
            how="smallest sum of live tensors over all orders, element-wise operators in place; the best "
            "order found where there are too many (then with a lower bound)",
        ),
        "tflm": Provenance(
            kind="modelled",
            how="TensorFlow Lite Micro's arena on a 32-bit core with CMSIS-NN: its greedy planner for "
            "tensors and scratch (exact), its structures counted",
            source="14 published models under the 64-bit interpreter; 32-bit structures fitted to arenas of "
            "two networks measured under QEMU on Cortex-M4, M7 and M55",
            error="0.5 %",
        ),
        "wakeling-c": Provenance(
            kind="computed",
            how="the arena that our own C code allocates, input, output and scratch included; its "
            "structures are in flash",
        ),
        "patched": Provenance(
            kind="computed",
            how="the arena of our own C with the first layers run patch by patch, where that saves RAM; "
            "costs the added MACs that the plan names",
        ),
    }
)
"""By the runtime's name."""
