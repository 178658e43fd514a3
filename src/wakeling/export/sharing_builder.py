"""A flatbuffers builder that writes equal vectors once; only `export.tflite` imports it.

It needs the flatbuffers library, which the schema (`export.schema`) needs too.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt

_BUFFER_ALIGNMENT = 16


class SharingBuilder(flatbuffers.Builder):  # type: ignore[misc]  # flatbuffers has no types
    """Writes equal vectors once, and byte vectors (the buffers) on 16-byte boundaries.

    Zero points take 8 bytes a channel and are all zero: sharing them saves a tenth of the file.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[Any]) -> int:
        """The offset of a vector with these values."""
        little = x.astype(x.dtype.newbyteorder("<"))
        key = (x.dtype.str, little.tobytes())
        if key not in self._written:
            alignment = _BUFFER_ALIGNMENT if x.dtype == np.uint8 else x.dtype.itemsize
            self.StartVector(x.itemsize, x.size, alignment)
            self.head -= len(key[1])
            self.Bytes[self.head : self.head + len(key[1])] = key[1]
            self._written[key] = self.EndVector()
        return self._written[key]
