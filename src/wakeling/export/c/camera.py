"""From a camera's frame to a model's input, in integers: pixel formats, crop, and the Python twin.

The twin, `frame_to_input`, is the definition; the C in `runtime/wk_camera*` computes the same bits. On
RGB888 and gray frames both equal what training photos went through (`data.decode`). The resize itself is
in `export.c.resampling`, the C text in `export.c.emit.camera`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import TargetError, unknown_name
from wakeling.export.c.resampling import Pixels, resize
from wakeling.graph import Graph
from wakeling.ops import ElementType

MOST_PIXELS = 4096
"""The longest side of a frame or an input: tables of places are 16 bits wide."""

LUMA = (19595, 38470, 7471)
"""Red, green and blue of gray, over 2^16, rounded: Pillow's `L` (ITU-R 601-2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """How a camera stores pixels. `colors` makes (height, width, 3) of the frame's bytes (height, bytes
    of a row); `gray` makes (height, width, 1), where the format has a gray of its own.

    `unpack` and `unpack_gray` name the C functions that do this for a row (None: it is in memory as
    it is needed), `source` their file.
    """

    bytes_per_pixel: int
    title: str
    colors: Callable[[Pixels], Pixels] | None = None
    gray: Callable[[Pixels], Pixels] | None = None
    unpack: str | None = None
    unpack_gray: str | None = None
    source: str | None = None


def _plain(planes: int) -> Callable[[Pixels], Pixels]:
    return lambda rows: rows.reshape(len(rows), -1, planes)


def _rgb565(high_byte: int) -> Callable[[Pixels], Pixels]:
    """Five bits of red, six of green, five of blue; the top bits are repeated below, so that 31 is 255."""

    def colors(rows: Pixels) -> Pixels:
        pairs = rows.reshape(len(rows), -1, 2).astype(np.uint16)
        words = pairs[..., high_byte] << 8 | pairs[..., 1 - high_byte]
        red, green, blue = words >> 11, words >> 5 & 63, words & 31
        return np.stack(
            [red << 3 | red >> 2, green << 2 | green >> 4, blue << 3 | blue >> 2], axis=-1
        ).astype(np.uint8)

    return colors


def _yuv422(luma: int) -> tuple[Callable[[Pixels], Pixels], Callable[[Pixels], Pixels]]:
    """Two pixels in four bytes with one pair of color differences; ITU-R 601, full range as in JPEG.

    `luma` is the place of the first pixel's. The factors 1.402, 0.344136, 0.714136 and 1.772 are over
    2^16; sums are rounded (halves up) and clipped.
    """

    def gray(rows: Pixels) -> Pixels:
        return rows.reshape(len(rows), -1, 2)[..., luma : luma + 1]

    def colors(rows: Pixels) -> Pixels:
        pairs = rows.reshape(len(rows), -1, 4).astype(np.int32)
        lumas = pairs[..., [luma, luma + 2]] << 16
        blue, red = pairs[..., 1 - luma, None] - 128, pairs[..., 3 - luma, None] - 128
        planes = [lumas + 91881 * red, lumas - 22554 * blue - 46802 * red, lumas + 116130 * blue]
        sums = np.stack(planes, axis=-1).reshape(len(rows), -1, 3)
        return ((sums + 32768) >> 16).clip(0, 255).astype(np.uint8)

    return colors, gray


def _format_yuv(name: str, title: str, luma: int) -> PixelFormat:
    colors, gray = _yuv422(luma)
    return PixelFormat(
        bytes_per_pixel=2,
        title=title,
        colors=colors,
        gray=gray,
        unpack=f"wk_unpack_{name}",
        unpack_gray=f"wk_unpack_{name}_gray",
        source="wk_camera_yuv422.c",
    )


def _format_565(name: str, title: str, high_byte: int) -> PixelFormat:
    return PixelFormat(
        bytes_per_pixel=2,
        title=title,
        colors=_rgb565(high_byte),
        unpack=f"wk_unpack_{name}",
        source="wk_camera_rgb565.c",
    )


FORMATS: Mapping[str, PixelFormat] = MappingProxyType(
    {
        "rgb565": _format_565("rgb565", "RGB565, low byte first", 1),
        "rgb565be": _format_565("rgb565be", "RGB565, high byte first", 0),
        "rgb888": PixelFormat(
            bytes_per_pixel=3, title="RGB888: a byte each of red, green, blue", colors=_plain(3)
        ),
        "yuyv": _format_yuv("yuyv", "YUV422 in the order Y U Y V, full range", 0),
        "uyvy": _format_yuv("uyvy", "YUV422 in the order U Y V Y, full range", 1),
        "gray8": PixelFormat(bytes_per_pixel=1, title="gray, one byte a pixel", gray=_plain(1)),
    }
)
"""Every pixel format by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """The part of a frame that is used, in pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSetup:
    """A camera's frames, and the part of them that is stretched to the input's size (None: all)."""

    format: str
    width: int
    height: int
    crop: Crop | None = None

    def __post_init__(self) -> None:
        """Raises TargetError, one line, for what no camera can be."""
        if self.format not in FORMATS:
            raise TargetError(unknown_name("pixel format", self.format, FORMATS))
        if not (1 <= self.width <= MOST_PIXELS and 1 <= self.height <= MOST_PIXELS):
            raise TargetError(
                f"a frame of {self.width}x{self.height} pixels is not possible; "
                f"each side is 1 to {MOST_PIXELS}"
            )
        if FORMATS[self.format].source == "wk_camera_yuv422.c" and self.width % 2:
            raise TargetError(f"{self.format} has pixels in pairs; a width of {self.width} is odd")
        part = self.part
        inside = part.left + part.width <= self.width and part.top + part.height <= self.height
        if not inside or min(part.left, part.top) < 0 or min(part.width, part.height) < 1:
            raise TargetError(
                f"the crop {part.width}x{part.height}+{part.left}+{part.top} is not inside the frame of "
                f"{self.width}x{self.height} pixels"
            )

    @property
    def part(self) -> Crop:
        """The crop, or all of the frame."""
        return self.crop or Crop(left=0, top=0, width=self.width, height=self.height)

    @property
    def row_bytes(self) -> int:
        """Bytes from one row to the next where rows follow each other without gaps."""
        return self.width * FORMATS[self.format].bytes_per_pixel

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame without gaps."""
        return self.row_bytes * self.height


_WRITTEN = re.compile(
    r"(?P<format>[a-z0-9]+):(?P<width>\d{1,5})x(?P<height>\d{1,5})"
    r"(:crop=(?P<columns>\d{1,5})x(?P<rows>\d{1,5})(\+(?P<left>\d{1,5})\+(?P<top>\d{1,5}))?)?",
    re.ASCII,
)


def parse_camera(text: str) -> CameraSetup:
    """A camera written as `FORMAT:WIDTHxHEIGHT`, perhaps with `:crop=WIDTHxHEIGHT` behind it.

    The crop is centered, unless `+LEFT+TOP` follows. Raises TargetError, one line.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise TargetError(
            f"the camera {text!r} is not understood; write FORMAT:WIDTHxHEIGHT, perhaps with "
            ":crop=WIDTHxHEIGHT or :crop=WIDTHxHEIGHT+LEFT+TOP, as in rgb565:320x240:crop=240x240"
        )
    number = {key: int(value) for key, value in match.groupdict().items() if value and value.isdigit()}
    width, height = number["width"], number["height"]
    crop = None
    if "columns" in number:
        columns, rows = number["columns"], number["rows"]
        crop = Crop(
            left=number.get("left", max(width - columns, 0) // 2),
            top=number.get("top", max(height - rows, 0) // 2),
            width=columns,
            height=rows,
        )
    return CameraSetup(format=match["format"], width=width, height=height, crop=crop)


def check_pixel_input(graph: Graph) -> None:
    """Raises TargetError where the input is no picture of bytes, so that no frame can be put into it."""
    shape, element = graph.input_shape, graph.input_type
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise TargetError(
            f"the model's input has the shape {'x'.join(map(str, shape))}; a camera gives height x width x "
            "1 or 3; leave the camera out and fill the input yourself"
        )
    if element not in ("int8", "uint8"):
        raise TargetError(
            f"the model's input is {element} and does not say what a pixel becomes; a camera needs an int8 "
            "or uint8 input; leave the camera out and fill the input yourself"
        )
    if max(shape) > MOST_PIXELS:
        raise TargetError(f"an input of {shape[0]}x{shape[1]} pixels is too large; at most {MOST_PIXELS}")


def planes_of(camera: CameraSetup, channels: int) -> int:
    """Values a pixel while it is resized: 1 where the format has gray and nothing else is needed, or 3."""
    chosen = FORMATS[camera.format]
    return 1 if chosen.colors is None or (channels == 1 and chosen.gray is not None) else 3


def frame_to_input(
    frame: bytes, camera: CameraSetup, shape: tuple[int, int, int], element: ElementType = "int8"
) -> npt.NDArray[Any]:
    """The input (height, width, channels) that a frame becomes; int8 = pixel − 128, uint8 = pixel.

    Unpack, crop, resize as Pillow does, then gray by Pillow's `L` where the model is gray and the
    camera is not (YUV has a gray of its own), or gray repeated where it is the other way round.
    `frame` has `camera.frame_bytes` bytes.
    """
    if len(frame) != camera.frame_bytes:
        raise TargetError(f"a frame has {camera.frame_bytes} bytes; given {len(frame)}")
    height, width, channels = shape
    chosen, part = FORMATS[camera.format], camera.part
    rows = np.frombuffer(frame, np.uint8).reshape(camera.height, camera.row_bytes)
    unpack = chosen.colors if planes_of(camera, channels) == 3 else chosen.gray
    assert unpack is not None
    pixels = unpack(rows)[part.top : part.top + part.height, part.left : part.left + part.width]
    small = resize(pixels, height, width)
    if channels == 1 and small.shape[2] == 3:
        small = luma(small)
    if channels == 3 and small.shape[2] == 1:
        small = np.repeat(small, 3, axis=2)
    return (small ^ np.uint8(128)).view(np.int8) if element == "int8" else small


def luma(pixels: Pixels) -> Pixels:
    """Pillow's `L` of (…, 3), as (…, 1)."""
    sums = pixels.astype(np.uint32) @ np.asarray(LUMA, np.uint32)
    return ((sums + 0x8000) >> 16).astype(np.uint8)[..., np.newaxis]
