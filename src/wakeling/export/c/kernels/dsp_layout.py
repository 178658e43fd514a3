"""Tables in the order of the kernels for cores with DSP, and what is proved for their requantization.

The kernels' side of each order is described in `runtime/wk_dsp.h`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from wakeling.export.c.program import Field
from wakeling.export.c.requantization import Requantization
from wakeling.quantize.arithmetic import INT8_MAX, INT8_MIN, wrap_int32
from wakeling.quantize.intervals import SumBounds

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]

Mode = Literal["relu", "linear", "clamped", "general"]
"""How sums are requantized (see `runtime/wk_dsp_arithmetic.h`)."""

_FOUR = 4
_ORDER = (0, 2, 1, 3)
"""Inputs of a four as SXTB16 takes them from a word: even bytes, then odd ones."""


def stretched(weight: Int8Array, dilation_columns: int) -> Int8Array:
    """A convolution's weights (outputs, rows, columns, inputs) as (outputs, fours · 4), in gathered order.

    A stretch is a kernel row (a pixel of it where columns are dilated): its whole fours come first,
    what is left of all stretches comes last; zeros fill up.
    """
    outputs, _, columns, inputs = weight.shape
    length = columns * inputs if dilation_columns == 1 else inputs
    stretches = weight.reshape(outputs, -1, length)
    whole = length // _FOUR * _FOUR
    flat = np.concatenate(
        [stretches[:, :, :whole].reshape(outputs, -1), stretches[:, :, whole:].reshape(outputs, -1)], axis=1
    )
    return np.pad(flat, ((0, 0), (0, -flat.shape[1] % _FOUR)))


def pairs_of(count: int) -> list[int]:
    """Outputs two by two. An odd number of them ends with a pair of the last two; one is its own pair."""
    return [*range(count - count % 2), *([max(count - 2, 0), count - 1] if count % 2 else [])]


def paired(flat: Int8Array, *, is_packed: bool) -> Int8Array:
    """Weights (outputs, fours · 4) as (pairs of outputs, fours, 4 inputs in order, 2 outputs).

    Where `is_packed`, the upper byte is what 256 · second + first leaves there: one less where the
    first is negative.
    """
    even = flat[pairs_of(len(flat))]
    first, second = (
        even[start::2].reshape(len(even) // 2, -1, _FOUR)[:, :, _ORDER].astype(np.int16) for start in (0, 1)
    )
    upper = second - (first < 0) if is_packed else second
    return np.stack([first, upper], axis=-1).astype(np.int8)


def can_pack(flat: Int8Array, bounds: SumBounds) -> bool:
    """Whether two outputs fit a half word, and the second one's sums a register with 256 times them."""
    order = pairs_of(len(flat))
    even = flat[order]
    fits = not ((even[1::2] == INT8_MIN) & (even[::2] < 0)).any()
    second = np.maximum(np.abs(bounds.low), np.abs(bounds.high))[order][1::2]
    return bool(fits and (second < 2**23).all())


def stream(flat: Int8Array, scaled: Requantization, *, is_packed: bool) -> Int32Array:
    """All that is read of each pair of outputs, as little-endian words (pairs, words).

    Two biases (packed as the weights, modulo 2^32), the weights, two multipliers, two exponents.
    """
    order = pairs_of(len(flat))
    biases = scaled.bias[order].astype(np.int64)
    if is_packed:
        biases[1::2] = wrap_int32(256 * biases[1::2] + biases[::2])
    multipliers, shifts = (
        np.broadcast_to(values, scaled.bias.shape)[order] for values in (scaled.multiplier, scaled.shift)
    )
    exponents = np.pad(-shifts.astype(np.int8).reshape(-1, 2), ((0, 0), (0, 2)))
    parts = (
        biases.astype("<i4").reshape(-1, 2),
        paired(flat, is_packed=is_packed).reshape(len(order) // 2, -1).view("<i4"),
        multipliers.astype("<i4").reshape(-1, 2),
        exponents.view("<i4"),
    )
    return np.concatenate(parts, axis=1)


def mode_of(scaled: Requantization, bounds: SumBounds) -> Mode:
    """The fastest requantization that is exact for all sums that are possible.

    SMMULR of a doubled sum is the first rounding while |sum| < 2^30, and |scaled sum| ≤ |sum|. The
    second one differs for negative sums only: these end at the zero point where that is the low end;
    else their scaled sum must have their sign, which it has unless the multiplier is 2^30 (−1 gives 0).
    """
    exponent = -scaled.shift.astype(np.int64)
    largest = np.maximum(np.abs(bounds.low), np.abs(bounds.high))
    if (exponent < 0).any() or (exponent > 30).any() or (largest >= 2**30).any():
        return "general"
    if (largest + ((2 * abs(scaled.zero_point) + 1) << exponent) >= 2**31).any():
        return "general"
    is_whole = (scaled.low, scaled.high) == (INT8_MIN, INT8_MAX)
    if is_whole and scaled.low == scaled.zero_point:
        return "relu"
    may_be_negative = bounds.low < 0
    if (may_be_negative & ((exponent < 1) | (scaled.multiplier <= 2**30))).any():
        return "general"
    return "linear" if is_whole else "clamped"


def requantization_fields(scaled: Requantization) -> dict[str, Field]:
    """The members of a `wk_dsp_requantization`."""
    return {"zero_point": scaled.zero_point, "low": scaled.low, "high": scaled.high}
