"""Small pictures inside the page: an array becomes a JPEG data URI."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

from wakeling.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_SIDE = 128
QUALITY = 80


def thumbnail_data_uri(image: NDArray[np.uint8]) -> str:
    """A JPEG data URI of `image`, uint8 (height, width), (height, width, 1) or (height, width, 3).

    At most 128 pixels on the longer side; smaller images keep their pixels. Raises DataError for
    another shape or type.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("Pillow", "data") from error
    shape = image.shape
    if (
        image.dtype.name != "uint8"
        or len(shape) not in (2, 3)
        or (len(shape) == 3 and shape[2] not in (1, 3))
    ):
        raise DataError(
            f"a thumbnail needs uint8 (height, width[, 1 or 3]); given {image.dtype.name} {tuple(shape)}"
        )
    picture = Image.fromarray(image[:, :, 0] if len(shape) == 3 and shape[2] == 1 else image)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
