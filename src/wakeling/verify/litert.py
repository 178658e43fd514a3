"""LiteRT's interpreter in a child process: the second witness, and the runner of any .tflite file.

With its reference kernels it is a witness. Its optimized kernels and XNNPACK measure accuracy quickly
but are off by one here and there, so they never bear witness. Comparing is in `verify.compare`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.verify.jobs import Feed, Job, Kernels, Outcome
from wakeling.verify.process import TIMEOUT_S, run_job


def run(
    content: bytes,
    images: npt.NDArray[np.int8],
    *,
    tensors: tuple[int, ...] = (),
    tensor_images: int = 0,
    timeout_s: float = TIMEOUT_S,
) -> Outcome:
    """Outputs of the reference kernels for int8 images (N, height, width, channels).

    `tensors` (indices in the file) come back for the first `tensor_images` images. Raises
    MissingDependencyError without the wheel, ModelFileError where LiteRT refuses the file.
    """
    job = Job(content=content, images=images, tensors=tensors, tensor_images=tensor_images)
    return run_job("litert", job, timeout_s=timeout_s)


def run_images(
    content: bytes,
    pixels: npt.NDArray[np.uint8],
    *,
    feed: Feed,
    kernels: Kernels = "optimized",
    timeout_s: float = TIMEOUT_S,
) -> npt.NDArray[Any]:
    """The outputs (N, …) of any single-input classifier for uint8 pixels (N, height, width, channels).

    `feed` says how a pixel becomes an input value (`verify.jobs.FEEDS`). The outputs are as the
    file stores them, not dequantized. Raises as `run`.
    """
    job = Job(content=content, images=pixels, feed=feed, kernels=kernels)
    return run_job("litert", job, timeout_s=timeout_s).outputs
