"""A model as calls of C kernels: plain data between lowering and the text of the C files.

What a kernel is called with is decided in `export.c.kernels`, where tensors lie in `cost.memory`; the
text is made in `export.c.emit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union

import numpy.typing as npt

from wakeling.ops import Pair

Box = tuple[Pair, Pair]
"""Rows and columns of an image, each from the first to behind the last."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Array:
    """A constant table in flash; `type` is C's name of an element. Any: one of its types."""

    type: str
    values: npt.NDArray[Any]

    @property
    def flash_bytes(self) -> int:
        """Bytes in flash."""
        return int(self.values.nbytes)


Field = Union[int, float, str, None, Array, "Mapping[str, Field]"]
"""A member of a C structure: a number, a table, a structure in it, or (str) C as it is; None: NULL."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One kernel, called for one operator.

    `function` is its name in `runtime/`, `struct` the type of its constant structure and `layer` that
    structure's members in order (None: it takes none). `arguments` are, in order: `layer`, `window`
    (its `wk_window`), `input` (repeated: the next input), `output`, `scratch`, `pixels` (how many
    are computed), or C as it is. `sources` are the files that must be compiled, `headers` those
    that declare the kernel. `scratch_bytes` is what it uses of its scratch.
    """

    function: str
    struct: str | None
    layer: Mapping[str, Field] | None
    arguments: tuple[str, ...]
    sources: tuple[str, ...]
    headers: tuple[str, ...] = ("wk_kernels.h",)
    scratch_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """What `wakeling_trace` is called with for the n-th time during one run: a tensor or a box of it.

    `tensor` is held as `bytes` bytes, `box` of its rows and columns (None: all of it).
    """

    tensor: str
    bytes: int
    box: Box | None = None
