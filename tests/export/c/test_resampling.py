"""The integers of the resize against Pillow, which training photos go through."""

from __future__ import annotations

import numpy as np
import PIL
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from wakeling.export.c.resampling import WEIGHT_BITS, Pixels, bilinear, is_down_first, resize

DOWN_FIRST = int(PIL.__version__.split(".")[0]) >= 13
"""Whether the installed Pillow ever resizes columns first; see `is_down_first`."""


def pillow(pixels: Pixels, height: int, width: int) -> Pixels:
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR)).reshape(
        height, width, pixels.shape[2]
    )


def picture(height: int, width: int, channels: int, seed: int) -> Pixels:
    """Noise over 0..255, or of only 0 and 255, which has the largest sums."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (height, width, channels), np.uint8)
    return noise if seed % 3 else (noise > 127).astype(np.uint8) * np.uint8(255)


sides = st.integers(1, 260)


@settings(max_examples=200, deadline=None)
@given(sides, sides, st.integers(1, 130), st.integers(1, 130), st.sampled_from([1, 3]), st.integers(0, 99))
def test_a_resize_is_pillows_bit_for_bit(
    height: int, width: int, output_height: int, output_width: int, channels: int, seed: int
) -> None:
    if is_down_first(height, width, output_height, output_width) and not DOWN_FIRST:
        return
    pixels = picture(height, width, channels, seed)
    expected = pillow(pixels, output_height, output_width)
    np.testing.assert_array_equal(resize(pixels, output_height, output_width), expected)


@pytest.mark.skipif(not DOWN_FIRST, reason="Pillow before 13 always resizes rows first")
def test_tall_pictures_are_resized_down_first_from_the_same_height_on_as_in_pillow() -> None:
    """The rule is Pillow's; here it is checked on both sides of its edge, where the order shows."""
    seen = set()
    for width, output_width, output_height in ((60, 30, 40), (50, 40, 50), (37, 23, 31), (40, 41, 20)):
        edge = output_height + max(0, 2 * (width - output_width))
        for height in range(edge - 1, edge + 4):
            pixels = picture(height, width, 3, 1)
            expected = pillow(pixels, output_height, output_width)
            seen.add(is_down_first(height, width, output_height, output_width))
            np.testing.assert_array_equal(resize(pixels, output_height, output_width), expected)
    assert seen == {False, True}


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 4096), st.integers(1, 512))
def test_no_sum_of_the_c_code_leaves_32_bits_or_rounds_above_255(size: int, output: int) -> None:
    half = 1 << WEIGHT_BITS - 1
    for weights in bilinear(size, output).weights:
        assert min(weights) >= 0
        assert 255 * sum(weights) + half < 1 << 32
        assert (255 * sum(weights) + half) >> WEIGHT_BITS == 255


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 700), st.integers(1, 200))
def test_the_ring_holds_every_row_that_is_still_needed(size: int, output: int) -> None:
    """Rows arrive one by one, row r overwrites row r − ring; each output is made as soon as it can be."""
    axis = bilinear(size, output)
    arrived = 0
    for first, weights in zip(axis.first, axis.weights, strict=True):
        arrived = max(arrived, first + len(weights))
        assert first >= arrived - axis.ring
    assert arrived <= size


def test_packed_tables_hold_every_run_and_each_once() -> None:
    axis = bilinear(320, 96)
    table, starts = axis.packed()
    for start, weights in zip(starts, axis.weights, strict=True):
        assert table[start : start + len(weights)] == weights
    # 320 to 96 is 10 to 3: three runs and those at the two edges, of 96.
    assert len(set(starts)) == len(set(axis.weights)) <= 8
