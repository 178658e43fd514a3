"""Where a sliding window goes along one axis: TFLite's SAME and VALID."""

from __future__ import annotations

from wakeling.ops.operators import Padding, Pair


def window_extent(kernel: int, dilation: int) -> int:
    """Pixels from the first tap of a kernel to its last, both included."""
    return (kernel - 1) * dilation + 1


def same_padding(size: int, kernel: int, stride: int) -> Pair:
    """Zeros (before, after) along one axis for TFLite's SAME: the odd one goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def window_output(size: int, kernel: int, stride: int, padding: Padding) -> int:
    """Positions of a window of `kernel` moving by `stride` along an axis of `size`."""
    if padding == "same":
        return -(-size // stride)
    return (size - kernel) // stride + 1
