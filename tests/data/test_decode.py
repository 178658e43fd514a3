"""Every kind of image file, compared with closed forms and with an independent resize in NumPy."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from wakeling.data.contents import NOT_AN_IMAGE, image_format
from wakeling.data.decode import (
    CORRUPT,
    DRAFT_PIXELS,
    MAX_PIXELS,
    TOO_MANY_PIXELS,
    UNKNOWN_RANGE,
    RefusedPhotoError,
    decode,
    shrink,
)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(height: int, width: int, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def triangle_weights(size: int, out: int) -> NDArray[np.float64]:
    """(out, size) weights of the bilinear filter, widened by the scale when it shrinks."""
    scale = size / out
    reach = max(scale, 1.0)
    centers = (np.arange(out) + 0.5) * scale
    distance = np.abs(np.arange(size)[None, :] + 0.5 - centers[:, None]) / reach
    weights = np.clip(1.0 - distance, 0.0, None)
    return weights / weights.sum(axis=1, keepdims=True)


def resized(pixels: NDArray[np.uint8], out: int) -> NDArray[np.float64]:
    rows, columns = (triangle_weights(size, out) for size in pixels.shape[:2])
    return np.einsum("ab,bcd,ec->aed", rows, pixels.astype(np.float64), columns)


@pytest.mark.parametrize(("height", "width"), [(50, 37), (16, 16), (7, 90), (5, 5), (1, 1)])
def test_whole_photo_is_stretched_bilinearly(height: int, width: int) -> None:
    pixels = noise(height, width)
    decoded = decode(saved(Image.fromarray(pixels), "PNG"), 16, 3)
    assert (decoded.width, decoded.height) == (width, height)
    assert decoded.pixels.shape == (16, 16, 3)
    # Pillow rounds after each of its two passes, so it may be one level off.
    assert np.abs(decoded.pixels - resized(pixels, 16)).max() <= 1.01


def test_gray_is_luma_of_the_rgb_square() -> None:
    content = saved(Image.fromarray(noise(40, 30)), "PNG")
    red, green, blue = np.moveaxis(decode(content, 16, 3).pixels.astype(float), 2, 0)
    gray = decode(content, 16, 1).pixels
    assert gray.shape == (16, 16, 1)
    # ITU-R BT.601 luma
    assert np.abs(gray[:, :, 0] - (0.299 * red + 0.587 * green + 0.114 * blue)).max() <= 1.0


def test_drawn_scenes_shrink_by_the_same_rule() -> None:
    pixels = noise(64, 64)
    for channels in (1, 3):
        photo = decode(saved(Image.fromarray(pixels), "PNG"), 16, channels).pixels
        assert np.array_equal(shrink(pixels, 16, channels), photo)


SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}
"""Exif 2.32, tag 0x0112: the visual sides on which row 0 and column 0 of the stored image lie."""


def stored_for(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The pixels that a camera stores so that a viewer who obeys the tag sees `upright`."""
    height, width = upright.shape[:2]
    row_side, column_side = SIDES[orientation]
    turned = row_side in ("left", "right")
    stored = np.empty((width, height, 3) if turned else (height, width, 3), dtype=np.uint8)
    for row in range(stored.shape[0]):
        for column in range(stored.shape[1]):
            along = {row_side: row, column_side: column}
            y = along["top"] if "top" in along else height - 1 - along["bottom"]
            x = along["left"] if "left" in along else width - 1 - along["right"]
            stored[row, column] = upright[y, x]
    return stored


@pytest.mark.parametrize("orientation", SIDES)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_orientation_is_applied(orientation: int, kind: str) -> None:
    upright = np.zeros((32, 48, 3), dtype=np.uint8)
    upright[:16, :24, 0] = 220
    upright[:16, 24:, 1] = 220
    upright[16:, :24, 2] = 220
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    options |= {"lossless": True} if kind == "WEBP" else {}
    content = saved(Image.fromarray(stored_for(upright, orientation)), kind, exif=exif, **options)
    pixels = decode(content, 16, 3).pixels.astype(int)
    expected = resized(upright, 16)
    inner = np.r_[2:6, 10:14]
    assert np.abs(pixels - expected)[np.ix_(inner, inner)].max() <= 12


def test_broken_exif_does_not_cost_the_photo() -> None:
    content = saved(Image.fromarray(noise(16, 16)), "JPEG", exif=b"Exif\0\0garbage that is no TIFF header")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert decode(content, 16, 3).pixels.shape == (16, 16, 3)


def test_png_that_is_called_jpg_is_read_by_content() -> None:
    content = saved(Image.new("RGB", (9, 9), (1, 2, 3)), "PNG")
    assert image_format(content) == "PNG"
    assert (decode(content, 8, 3).pixels == (1, 2, 3)).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_format_is_recognized_and_decoded(kind: str) -> None:
    content = saved(Image.new("RGB", (20, 10), (200, 100, 50)), kind)
    assert image_format(content[:16]) == kind
    assert np.abs(decode(content, 8, 3).pixels.astype(int) - (200, 100, 50)).max() <= 4


def test_cmyk_is_converted_to_rgb() -> None:
    ink = np.array([[[0, 0, 0, 0], [255, 0, 0, 0]], [[0, 128, 0, 64], [0, 0, 0, 255]]], dtype=np.uint8)
    image = Image.frombytes("CMYK", (2, 2), ink.tobytes()).resize((16, 16), Image.Resampling.NEAREST)
    expected = (255.0 - ink[:, :, :3]) * (255.0 - ink[:, :, 3:]) / 255.0
    for kind, tolerance in (("TIFF", 1.01), ("JPEG", 6.0)):
        options = {"quality": 95} if kind == "JPEG" else {}
        pixels = decode(saved(image, kind, **options), 8, 3).pixels.astype(float)
        assert np.abs(pixels[::7, ::7] - expected).max() <= tolerance, kind


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_16_bit_gray_is_scaled_not_clipped(kind: str) -> None:
    levels = np.array([[0, 257, 1000, 32768], [40000, 65278, 65279, 65535]], dtype=np.uint16)
    levels = np.kron(levels, np.ones((4, 2), dtype=np.uint16))
    pixels = decode(saved(Image.fromarray(levels), kind), 8, 3).pixels
    assert np.array_equal(pixels[:, :, 0], np.rint(levels / 257.0).astype(np.uint8))
    assert (pixels == pixels[:, :, :1]).all()


def test_16_bit_big_endian_tiff_is_scaled() -> None:
    image = Image.frombytes("I;16B", (8, 8), np.full((8, 8), 51400, dtype=">u2").tobytes())
    assert (decode(saved(image, "TIFF"), 8, 3).pixels == 200).all()


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_pixels_without_a_range_are_refused(dtype: type) -> None:
    content = saved(Image.fromarray(np.full((8, 8), 100, dtype=dtype)), "TIFF")
    with pytest.raises(RefusedPhotoError) as caught:
        decode(content, 8, 3)
    assert caught.value.reason == UNKNOWN_RANGE


def test_lab_colors_are_converted() -> None:
    # CIELAB: lightness 0 is black and 100 (stored as 255) is white
    for lightness, level in ((0, 0), (255, 255)):
        image = Image.new("LAB", (8, 8), (lightness, 128, 128))
        assert np.abs(decode(saved(image, "TIFF"), 8, 3).pixels.astype(int) - level).max() <= 2


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_on_white(mode: str) -> None:
    channels = len(mode)
    pixels = np.full((8, 8, channels), 100, dtype=np.uint8)
    pixels[:4, :, -1] = 0
    pixels[4:, :, -1] = 51
    image = Image.frombytes(mode, (8, 8), pixels.tobytes())
    decoded = decode(saved(image, "PNG"), 8, 3).pixels
    assert (decoded[:4] == 255).all()
    assert np.abs(decoded[4:].astype(float) - (100 * 0.2 + 255 * 0.8)).max() <= 1.0


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_colors_and_transparency(kind: str) -> None:
    image = Image.frombytes("P", (8, 8), bytes([0] * 32 + [1] * 32))
    image.putpalette([10, 20, 30, 200, 0, 0])
    assert (decode(saved(image, kind), 8, 3).pixels[:4] == (10, 20, 30)).all()
    decoded = decode(saved(image, kind, transparency=0), 8, 3).pixels
    assert (decoded[:4] == 255).all()
    assert (decoded[4:] == (200, 0, 0)).all()


def test_black_and_white_and_gray_become_rgb() -> None:
    assert (decode(saved(Image.new("1", (9, 9), 1), "PNG"), 8, 3).pixels == 255).all()
    assert (decode(saved(Image.new("L", (9, 9), 77), "PNG"), 8, 3).pixels == 77).all()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animation_gives_its_first_frame(kind: str) -> None:
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(first, kind, save_all=True, append_images=[second], **options)
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 2
    assert np.abs(decode(content, 8, 3).pixels.astype(int) - (250, 0, 0)).max() <= 2


def test_large_jpeg_is_drafted_without_a_visible_change() -> None:
    height, width = 1800, 2600
    assert height * width > DRAFT_PIXELS
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) // 8 % 256], axis=2).astype(np.uint8)
    content = saved(Image.fromarray(pixels), "JPEG", quality=95)
    decoded = decode(content, 32, 3)
    assert (decoded.width, decoded.height) == (width, height)
    with Image.open(io.BytesIO(content)) as whole:
        full = np.asarray(whole.resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(decoded.pixels - full).mean() < 1.0


def test_small_jpeg_is_decoded_whole() -> None:
    content = saved(Image.fromarray(noise(400, 600)), "JPEG")
    with Image.open(io.BytesIO(content)) as whole:
        full = np.asarray(whole.resize((16, 16), Image.Resampling.BILINEAR))
    assert np.array_equal(decode(content, 16, 3).pixels, full)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds hardly anything."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(("width", "height"), [(9460, 9460), (10000, 10000), (60000, 60000)])
def test_gigantic_image_is_refused_unread(width: int, height: int) -> None:
    assert width * height > MAX_PIXELS
    with pytest.raises(RefusedPhotoError) as caught:
        decode(png_header(width, height), 16, 3)
    assert caught.value.reason == TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_truncated_file_is_refused(kind: str, part: float) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    content = saved(Image.fromarray(noise(64, 64)), kind, **options)
    with pytest.raises(RefusedPhotoError) as caught:
        decode(content[: int(len(content) * part)], 16, 3)
    assert caught.value.reason == CORRUPT


@pytest.mark.parametrize(
    "content", [b"", b"hello, I am a text file", b"%PDF-1.7", b"%!PS-Adobe-3.0 EPSF-3.0"]
)
def test_other_content_is_no_image(content: bytes) -> None:
    with pytest.raises(RefusedPhotoError) as caught:
        decode(content, 16, 3)
    assert caught.value.reason == NOT_AN_IMAGE


def outcome(content: bytes) -> tuple[int, ...] | str:
    try:
        return decode(content, 8, 3).pixels.shape
    except RefusedPhotoError as refusal:
        return refusal.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
@given(data=st.data())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_damaged_bytes_are_decoded_or_refused_and_nothing_else(kind: str, data: st.DataObject) -> None:
    content = bytearray(saved(Image.fromarray(noise(24, 24)), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(1, len(content)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow remarks on odd files; packing silences it likewise
        assert outcome(bytes(content)) in ((8, 8, 3), CORRUPT, NOT_AN_IMAGE, TOO_MANY_PIXELS, UNKNOWN_RANGE)
