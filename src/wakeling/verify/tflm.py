"""TensorFlow Lite Micro's own interpreter, in a child process: the first witness.

`verify.process` explains the child; comparing is in `verify.compare`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.verify.jobs import ArenaUse, Job, Outcome
from wakeling.verify.process import TIMEOUT_S, require, run_job


def run(
    content: bytes,
    images: npt.NDArray[np.int8],
    *,
    tensors: tuple[int, ...] = (),
    tensor_images: int = 0,
    timeout_s: float = TIMEOUT_S,
) -> Outcome:
    """Outputs of a .tflite file for int8 images (N, height, width, channels), and its arena.

    `tensors` (indices in the file) come back for the first `tensor_images` images. Raises
    MissingDependencyError without the wheel, ModelFileError where TFLM refuses the file.
    """
    job = Job(
        content=content, images=images, tensors=tensors, tensor_images=tensor_images, measure_arena=True
    )
    return run_job("tflm", job, timeout_s=timeout_s)


def arena(content: bytes) -> ArenaUse:
    """What the file takes of TFLM's tensor arena on this (64-bit) computer.

    The head (activations) is the same on a board with the same reference kernels; the tail holds
    structures with pointers and is smaller on a 32-bit one. Raises as `run`.
    """
    from wakeling.export.model_file import only_subgraph
    from wakeling.export.read_file import read_model_file

    require("tflm")
    graph = only_subgraph(read_model_file(content))
    shape = graph.tensors[graph.inputs[0]].shape[1:]
    use = run(content, np.zeros((1, *shape), np.int8)).arena
    if use is None:
        raise ModelFileError("TensorFlow Lite Micro did not say how much arena it used")
    return use


def arena_bytes(content: bytes) -> int:
    """The total of `arena`."""
    return arena(content).total_bytes
