"""A picture as a model's input with the output that belongs to it: what a board's self-test runs.

Which picture is taken is the caller's matter; the C text is made in `export.c.emit.selftest`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import DataError
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel

Values = npt.NDArray[Any]
"""A tensor without batch. Any: int8, uint8 or float32."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """`values` is an input of the model's own shape and type, `output` what golden computes from it.

    `origin` says in a few words what is to be seen and where it came from.
    """

    values: Values
    output: Values
    origin: str


def sample_of(model: QuantizedModel, values: Values, origin: str) -> Sample:
    """The test picture of an input's values; raises DataError for another shape or type."""
    if values.shape != model.graph.input_shape:
        raise DataError(f"a test picture must have the input's shape {model.graph.input_shape}")
    output = golden.run(model, values[np.newaxis])[0]
    return Sample(values=values, output=output, origin=origin)
