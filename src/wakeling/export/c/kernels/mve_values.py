"""Tables, sums, products and pools on the kernels for cores with Helium.

They take the structures of the kernels in plain C, so that a call is lowered as for those, and given
another function where that computes the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from wakeling.export.c.kernels.lowering import Attempt, Lower, Lowering
from wakeling.export.c.program import Call, Field
from wakeling.graph import Node

Layer = Mapping[str, Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kernel:
    """A function that may stand in for a plain one, in a source of its name; it may call `needs`."""

    function: str
    fits: Callable[[Layer], bool]
    needs: tuple[str, ...] = ()


def _any(layer: Layer) -> bool:
    return True


def _has_channels(layer: Layer) -> bool:
    """Whether both operands have a value for each channel."""
    operands: Any = layer["left"], layer["right"]  # structures, as `elementwise` makes them
    return all(operand["channel_stride"] == 1 for operand in operands)


def _is_shifted_right(layer: Layer) -> bool:
    numbers: Any = layer, layer["left"], layer["right"]
    return _has_channels(layer) and all(part["shift"] <= 0 for part in numbers)


_KERNELS: Mapping[str, _Kernel] = MappingProxyType(
    {
        "wk_table": _Kernel(function="wk_mve_table", fits=_any),
        "wk_add": _Kernel(function="wk_mve_add", fits=_is_shifted_right),
        "wk_mul": _Kernel(function="wk_mve_mul", fits=_has_channels),
        "wk_max_pool_2d": _Kernel(function="wk_mve_max_pool_2d", fits=_any, needs=("wk_max_pool_2d.c",)),
        "wk_average_pool_2d": _Kernel(
            function="wk_mve_average_pool_2d", fits=_any, needs=("wk_average_pool_2d.c",)
        ),
    }
)


def instead_of(plain: Lower) -> Attempt:
    """An attempt that lowers as `plain` and gives the call to a kernel for Helium."""

    def attempt(lowering: Lowering, node: Node) -> Call | None:
        call = plain(lowering, node)
        kernel = _KERNELS.get(call.function)
        if kernel is None or call.layer is None or not kernel.fits(call.layer):
            return None
        sources = (f"{kernel.function}.c", *kernel.needs)
        return replace(call, function=kernel.function, sources=sources, headers=("wk_mve.h",))

    return attempt
