"""Tables in the order of the kernels for cores with Helium.

The kernels' side of each order is described in `runtime/wk_mve.h`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wakeling.export.c.program import Field
from wakeling.export.c.requantization import Requantization

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]

LANES = 16
"""Weights of a vector."""

OUTPUTS = 4
"""Outputs that are computed together."""

_SMALL = 32
"""Windows up to this size stay in registers, in whole vectors."""

_WORTH_FILLING = 13
"""From so many weights of a last vector on, it is filled up."""


def steps_of(size: int) -> tuple[int, int]:
    """Whole vectors for a window of `size` inputs, and the inputs that are left then."""
    steps, rest = divmod(size, LANES)
    is_filled = rest >= _WORTH_FILLING or (rest > 0 and size <= _SMALL)
    return (steps + 1, 0) if is_filled else (steps, rest)


def stream_of(weight: Int8Array, scaled: Requantization) -> Int32Array:
    """Weights (outputs, inputs) with biases, shifts and multipliers, four outputs after four."""
    steps, rest = steps_of(weight.shape[1])
    missing = -len(weight) % OUTPUTS
    size = steps * LANES + rest
    filled = np.pad(weight, ((0, missing), (0, max(size - weight.shape[1], 0))))
    blocks = filled.reshape(-1, OUTPUTS, size)
    vectors = blocks[:, :, : steps * LANES].reshape(len(blocks), OUTPUTS, steps, LANES)
    parts = [
        vectors.swapaxes(1, 2),
        blocks[:, :, steps * LANES :],
        np.pad(scaled.bias, (0, missing)).astype("<i4"),
        np.pad(scaled.shift, (0, missing)).astype(np.int8),
        np.pad(scaled.multiplier, (0, missing)).astype("<i4"),
    ]
    flat = [np.ascontiguousarray(part).view(np.int8).reshape(len(blocks), -1) for part in parts]
    return np.ascontiguousarray(np.concatenate(flat, axis=1)).view("<i4").ravel().astype(np.int32)


def requantization_fields(scaled: Requantization) -> dict[str, Field]:
    """The members of a `wk_mve_requantization`."""
    return {
        "zero_point": scaled.zero_point,
        "low": scaled.low,
        "high": scaled.high,
        "is_plain": int(scaled.low >= scaled.zero_point and not (scaled.shift > 0).any()),
    }
