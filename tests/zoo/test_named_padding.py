"""TFLite's name for torch's margins: the same windows, pixel by pixel."""

from __future__ import annotations

import itertools

from tests.nets.reference import windows
from wakeling.ops import named_padding


def covered(size: int, kernel: int, stride: int, before: int, after: int) -> list[range]:
    """The pixels of each window over an axis with explicit margins."""
    count = (size + before + after - kernel) // stride + 1
    return [range(start, start + kernel) for start in range(-before, count * stride - before, stride)]


def test_a_name_means_the_same_windows_and_none_means_that_no_name_does() -> None:
    named = 0
    for size, kernel, stride, before, after in itertools.product(
        range(3, 10), range(1, 6), range(1, 4), range(3), range(3)
    ):
        if kernel > size or before >= kernel or after >= kernel:
            continue
        margins = (before, after)
        name = named_padding((size, size), (kernel, kernel), (stride, stride), margins, margins)
        wanted = covered(size, kernel, stride, before, after)
        same = {kind: windows(size, kernel, stride, kind) == wanted for kind in ("valid", "same")}
        assert same[name] if name else not any(same.values())
        named += name is not None
    assert named > 200


def test_both_axes_must_agree() -> None:
    assert named_padding((8, 8), (3, 1), (1, 1), (1, 1), (0, 0)) == "same"
    assert named_padding((8, 8), (3, 3), (1, 1), (1, 1), (0, 0)) is None
    assert named_padding((8, 7), (3, 3), (2, 2), (1, 1), (1, 1)) is None
    assert named_padding((7, 7), (3, 3), (2, 2), (1, 1), (1, 1)) == "same"
