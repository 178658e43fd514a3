"""One photo's bytes to one small square: 8-bit RGB or gray, whatever the file held. Needs Pillow.

The rules, in this order: the first frame; 16 bits scaled to 8; transparency laid on white; RGB; the
whole picture stretched to the square by Pillow's bilinear filter (which averages when it shrinks); the
camera's orientation applied; gray by Pillow's `L` (ITU-R 601-2 luma). Change a rule: raise
`DECODER_VERSION`.
"""

from __future__ import annotations

import contextlib
import io
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wakeling.data.contents import NOT_AN_IMAGE, image_format
from wakeling.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from PIL import Image

DECODER_VERSION = 1
MAX_PIXELS = 89_478_485
"""Larger photos are refused; Pillow itself warns of decompression bombs from here on."""

DRAFT_PIXELS = 4 * 1024 * 1024
"""A JPEG above this is decoded at 1/2, 1/4 or 1/8, never below twice the size asked for."""

TOO_MANY_PIXELS = "too many pixels"
CORRUPT = "truncated or corrupt"
UNKNOWN_RANGE = "pixels without a known range"

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
_SIXTEEN_BIT_MODES = ("I;16", "I;16B", "I;16L", "I;16N")
_SIXTEEN_BIT_FORMATS = ("PNG", "PPM")
_ORIENTATION_TAG = 0x0112
_TURNS: Mapping[int, str] = MappingProxyType(
    {
        2: "FLIP_LEFT_RIGHT",
        3: "ROTATE_180",
        4: "FLIP_TOP_BOTTOM",
        5: "TRANSPOSE",
        6: "ROTATE_270",
        7: "TRANSVERSE",
        8: "ROTATE_90",
    }
)
"""What undoes each EXIF orientation (Exif 2.32, tag 0x0112); 1 is upright."""

_ONE_LARGE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """A decoded photo: `pixels` is (resolution, resolution, channels) uint8, the sizes are the file's."""

    pixels: NDArray[np.uint8]
    width: int
    height: int


class RefusedPhotoError(Exception):
    """Why these bytes are no usable photo; never leaves the package."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} ({detail})" if detail else reason)
        self.reason = reason
        self.detail = detail


def decoder_name() -> str:
    """What decodes, for cache keys: our rules and the library below them."""
    return f"wakeling {DECODER_VERSION}, pillow {pillow_version()}"


def decode(content: bytes, resolution: int, channels: int) -> Decoded:
    """The photo as a square of `resolution` pixels; `channels` is 3 (RGB) or 1 (gray).

    Raises RefusedPhotoError with the reason.
    """
    from PIL import Image, UnidentifiedImageError

    if image_format(content[:16]) is None:
        raise RefusedPhotoError(NOT_AN_IMAGE)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise RefusedPhotoError(TOO_MANY_PIXELS, f"{width}x{height}, at most {MAX_PIXELS}")
            with _ONE_LARGE_AT_A_TIME if width * height > DRAFT_PIXELS else contextlib.nullcontext():
                return Decoded(pixels=_square(image, resolution, channels), width=width, height=height)
    except RefusedPhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise RefusedPhotoError(TOO_MANY_PIXELS, str(error)) from None
    except UnidentifiedImageError:
        raise RefusedPhotoError(CORRUPT, "the header is broken") from None
    except MemoryError:
        raise DataError("not enough memory to decode a photo; leave out the largest ones") from None
    except (
        Exception
    ) as error:  # a decoder raises anything on broken bytes: OSError, SyntaxError, struct.error
        raise RefusedPhotoError(CORRUPT, " ".join(str(error).split())) from None


def _square(image: Image.Image, resolution: int, channels: int) -> NDArray[np.uint8]:
    from PIL import Image as pil

    if image.width * image.height > DRAFT_PIXELS:
        image.draft(None, (2 * resolution, 2 * resolution))
    image.load()  # a TIFF applies its orientation here, and then has none any more
    orientation = _orientation(image)
    small = _rgb(image).resize((resolution, resolution), pil.Resampling.BILINEAR)
    # Turning the square after shrinking equals turning the photo before it, at a fraction of the work.
    if orientation in _TURNS:
        small = small.transpose(pil.Transpose[_TURNS[orientation]])
    return _array(small, channels)


def shrink(image: NDArray[np.uint8], resolution: int, channels: int) -> NDArray[np.uint8]:
    """An RGB array (height, width, 3) by the same rules as a photo: bilinear, then gray if asked for."""
    from PIL import Image as pil

    return _array(pil.fromarray(image).resize((resolution, resolution), pil.Resampling.BILINEAR), channels)


def _array(small: Image.Image, channels: int) -> NDArray[np.uint8]:
    if channels == 1:
        return np.asarray(small.convert("L"), dtype=np.uint8)[:, :, None]
    return np.asarray(small, dtype=np.uint8)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a broken note about a sound photo: Pillow raises as it does on broken photos
        return 1


def _rgb(image: Image.Image) -> Image.Image:
    """The loaded image as 8-bit RGB, transparency laid on white."""
    from PIL import Image as pil

    if image.mode in _SIXTEEN_BIT_MODES or (image.mode == "I" and image.format in _SIXTEEN_BIT_FORMATS):
        wide = np.asarray(image).astype(np.uint32)
        return pil.fromarray(((wide + 128) // 257).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise RefusedPhotoError(
            UNKNOWN_RANGE, f"mode {image.mode} of {image.format}; save it with 8 or 16 bits"
        )
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        over = image.convert("RGBA")
        white = pil.new("RGB", over.size, (255, 255, 255))
        white.paste(over, mask=over.getchannel("A"))
        return white
    return image.convert("RGB")


def pillow_version() -> str:
    """Pillow's version; MissingDependencyError where it is not installed."""
    try:
        import PIL
    except ImportError:
        raise MissingDependencyError("Pillow", "data") from None
    return PIL.__version__


@contextlib.contextmanager
def quiet_pillow() -> Iterator[None]:
    """Silence Pillow's remarks about odd files, which would come between progress bars.

    Enter it on the main thread, around the threads that decode: filters are shared by all threads.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
