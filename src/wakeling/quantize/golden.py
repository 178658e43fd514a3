"""The golden int8 interpreter: what every other runtime must compute, bit for bit.

Plain NumPy over a batch (N, …), one kernel an operator (`quantize.kernels`). The fixed-point
rounding is in `quantize.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from wakeling.errors import DataError, UnsupportedOpError
from wakeling.graph import INPUT
from wakeling.ops import ElementType, operator_name
from wakeling.quantize.kernels import KERNELS, Kernel, KernelTable, Values
from wakeling.quantize.model import Int8Array, QuantizedModel

__all__ = ["KERNELS", "Kernel", "KernelTable", "probabilities", "run", "run_all", "to_input", "to_int8"]

_BATCH_VALUES = 1 << 20
"""Values of the largest tensor in one batch: keeps the working memory near 50 MB."""


def to_int8(images: npt.NDArray[np.uint8]) -> Int8Array:
    """Pixels 0..255 as an int8 input: int8 = pixel − 128 (flip the top bit)."""
    result: Int8Array = (np.asarray(images) ^ np.uint8(128)).view(np.int8)
    return result


_FEEDS: Mapping[ElementType, Callable[[npt.NDArray[np.uint8]], Values]] = MappingProxyType(
    {"int8": to_int8, "uint8": np.asarray}
)
"""How pixels are fed where the input is an integer; a float32 input does not say what it wants."""


def to_input(model: QuantizedModel, images: npt.NDArray[np.uint8]) -> Values:
    """Pixels 0..255 as the model's input takes them: pixel − 128 (int8) or the pixel (uint8).

    Raises DataError where the input is float32: only the model's author knows its range.
    """
    feed = _FEEDS.get(model.graph.input_type)
    if feed is None:
        raise DataError(
            f"the model takes {model.graph.input_type} values and does not say what a pixel becomes; "
            f"give them to it directly"
        )
    return feed(images)


def run(model: QuantizedModel, images: Values, *, kernels: KernelTable | None = None) -> Values:
    """The outputs (N, …) for inputs (N, height, width, channels) of the model's own type.

    `kernels` replaces `KERNELS`, to imitate a runtime that differs in a named way. Raises
    DataError for images of another shape or type, UnsupportedOpError for an operator that the
    table lacks.
    """
    outputs = [
        tensors[model.graph.output] for tensors in _batches(model, images, kernels or KERNELS, keep_all=False)
    ]
    return np.concatenate(outputs)


def run_all(
    model: QuantizedModel, images: Values, *, kernels: KernelTable | None = None
) -> dict[str, Values]:
    """Every tensor by its name, the input included; otherwise as `run`."""
    batches = list(_batches(model, images, kernels or KERNELS, keep_all=True))
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


def probabilities(model: QuantizedModel, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """The probability of the wake word (the last output) for uint8 images, (N,), in 0..1."""
    last = run(model, to_input(model, images))[:, -1].astype(np.float64)
    quant = model.tensors.get(model.graph.output)
    result: npt.NDArray[np.float64] = last if quant is None else quant.scale * (last - quant.zero_point)
    return result


def _batches(
    model: QuantizedModel, images: Values, kernels: KernelTable, *, keep_all: bool
) -> Iterator[dict[str, Values]]:
    shape, element = model.graph.input_shape, model.graph.input_type
    if images.dtype != np.dtype(element) or images.shape[1:] != shape or len(images) == 0:
        raise DataError(f"the model takes {element} images (N, {shape}); given {images.dtype} {images.shape}")
    largest = max(int(np.prod(tensor)) for tensor in model.graph.shapes.values())
    size = max(1, _BATCH_VALUES // largest)
    for start in range(0, len(images), size):
        yield _run_batch(model, images[start : start + size], kernels, keep_all=keep_all)


def _run_batch(
    model: QuantizedModel, images: Values, kernels: KernelTable, *, keep_all: bool
) -> dict[str, Values]:
    tensors = {INPUT: np.ascontiguousarray(images)}
    last_reader = {name: readers[-1].name for name, readers in model.graph.consumers.items() if readers}
    for node in model.graph.nodes:
        kernel = kernels.get(type(node.op))
        if kernel is None:
            raise UnsupportedOpError(operator_name(node.op), "golden interpreter")
        tensors[node.name] = kernel(model, node, tuple(tensors[name] for name in node.inputs))
        if not keep_all:
            for name in dict.fromkeys(node.inputs):
                if last_reader[name] == node.name and name != model.graph.output:
                    del tensors[name]
    return tensors
