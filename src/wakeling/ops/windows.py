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


def named_padding(size: Pair, window: Pair, stride: Pair, rows: Pair, columns: Pair) -> Padding | None:
    """TFLite's name for margins (before, after) around an image of `size`; None where it has none.

    `window` is the kernel's extent. Margins that no window reaches make no difference.
    """
    names: tuple[Padding, ...] = ("valid", "same")
    for name in names:
        if _is_named(name, size[0], window[0], stride[0], rows) and _is_named(
            name, size[1], window[1], stride[1], columns
        ):
            return name
    return None


def _is_named(name: Padding, size: int, window: int, stride: int, margins: Pair) -> bool:
    before, after = margins
    usual = 0 if name == "valid" else same_padding(size, window, stride)[0]
    positions = (size + before + after - window) // stride + 1
    return before == usual and positions == window_output(size, window, stride, name)
