"""Runs small files that we trust in LiteRT's reference kernels, in this process."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def litert_outputs(content: bytes, images: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The outputs for each image, as the file stores them, batch axis included."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1
    )
    interpreter.allocate_tensors()
    (source,) = interpreter.get_input_details()
    (target,) = interpreter.get_output_details()
    outputs = []
    for image in images:
        interpreter.set_tensor(source["index"], image[np.newaxis])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target["index"]))
    return np.stack(outputs)


def images_for(shape: tuple[int, ...], element: str, count: int = 3) -> npt.NDArray[Any]:
    """Noise of a model's input type, without batch axis."""
    rng = np.random.default_rng(7)
    if element == "float32":
        return rng.normal(0, 2, (count, *shape)).astype(np.float32)
    limits = np.iinfo(np.dtype(element))
    return rng.integers(limits.min, limits.max + 1, (count, *shape)).astype(element)
