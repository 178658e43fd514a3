"""What TensorFlow Lite Micro keeps for good behind its tensors: the arena's tail, byte by byte.

Sizes of its C++ structures on a 64-bit and on a 32-bit computer. Which buffers it plans in the
head of the arena is in `tflm`; what kernels need while they run is in `tflm_scratch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PointerBytes = Literal[4, 8]
Kernels = Literal["reference", "cmsis-nn", "cmsis-nn-mve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """One operator of the file as TFLM holds it, in bytes.

    `parameters` is what the interpreter reads from the file (stride, padding, …), `data` what the
    kernel prepares, each as (64-bit, 32-bit); `cmsis_nn_data` replaces the latter where CMSIS-NN's
    kernel holds more. `constants` counts the tensors of the file that the operator reads besides
    activations. With `has_arrays` it keeps a multiplier and a shift for each output channel. Wide
    parameters are aligned as a pointer.
    """

    parameters: tuple[int, int] = (0, 0)
    data: tuple[int, int] = (0, 0)
    cmsis_nn_data: int | None = None
    constants: int = 0
    has_arrays: bool = False
    has_wide_parameters: bool = False


def _plain(parameters: int, data: int, constants: int = 0) -> Kernel:
    """A kernel whose structures hold no pointers, so that they have one size everywhere."""
    return Kernel(parameters=(parameters, parameters), data=(data, data), constants=constants)


_CONVOLUTION = Kernel(parameters=(28, 28), data=(80, 56), cmsis_nn_data=60, constants=2, has_arrays=True)
_POOL = Kernel(parameters=(40, 40), data=(32, 32), cmsis_nn_data=36)

KERNELS: Mapping[str, Kernel] = MappingProxyType(
    {
        "CONV_2D": _CONVOLUTION,
        "DEPTHWISE_CONV_2D": _CONVOLUTION,
        "FULLY_CONNECTED": Kernel(
            parameters=(32, 16), data=(72, 48), cmsis_nn_data=72, constants=2, has_wide_parameters=True
        ),
        "ADD": _plain(8, 60),
        "SUB": _plain(8, 52),
        "MUL": _plain(4, 36),
        "CONCATENATION": Kernel(parameters=(8, 8), data=(80, 24)),
        "AVERAGE_POOL_2D": _POOL,
        "MAX_POOL_2D": _POOL,
        "MEAN": _plain(1, 44, constants=1),
        "PAD": _plain(0, 56, constants=1),
        "RESHAPE": _plain(36, 0),
        "TRANSPOSE": _plain(0, 0, constants=1),
        "STRIDED_SLICE": _plain(24, 84, constants=3),
        "SOFTMAX": Kernel(parameters=(4, 4), data=(80, 56), cmsis_nn_data=64),
        "RELU": _plain(0, 28),
        "RELU6": _plain(0, 8),
        "HARD_SWISH": _plain(0, 20),
        "LOGISTIC": _plain(0, 16),
        "TANH": _plain(0, 16),
        "QUANTIZE": _plain(0, 32),
        "DEQUANTIZE": _plain(0, 32),
    }
)
"""Every kernel, by the operator's name in the file.

The 64-bit sizes were measured on the Python wheel (version 0.dev20261023) with files of one and of
nine operators. The 32-bit ones follow from the structures: a pointer takes 4 bytes instead of 8,
and firmware is built without the wheel's support of compressed weights (8 bytes an operator with
weights, 40 a concatenation).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Structures:
    """The interpreter's own structures, in bytes: once, for each tensor and for each operator."""

    base: int
    tensor: int
    node: int
    scratch_handle: int
    pointer: int
    end_tensor: int
    end_quantization: int


STRUCTURES: Mapping[PointerBytes, Structures] = MappingProxyType(
    {
        8: Structures(
            base=488, tensor=24, node=64, scratch_handle=8, pointer=8, end_tensor=64, end_quantization=32
        ),
        4: Structures(
            base=140, tensor=12, node=32, scratch_handle=4, pointer=4, end_tensor=32, end_quantization=20
        ),
    }
)
"""By the bytes of a pointer.

`base` holds the allocator, the planner and the like. On 64 bits all are measured, with the wheel's
allocator, which records what it does and is larger for it; on 32 bits `base` is what remains of the
arenas measured on an emulated Cortex-M when all else is subtracted.
"""


def persistent_bytes(
    operators: Iterable[tuple[str, int, int]],
    *,
    scratch_buffers: int,
    quantized_ends: int,
    pointer_bytes: PointerBytes,
    is_cmsis_nn: bool,
) -> int:
    """The tail of the arena for (operator, output channels, constant tensors) in execution order.

    The tail grows down from a 16-byte boundary in the order in which TFLM allocates: its own
    structures, all tensors' and operators', the operators' parameters, then for each operator what
    its kernel prepares, the handles of scratch buffers, and the network's input and output tensor
    (`quantized_ends` of the two are quantized).
    """
    own, column = STRUCTURES[pointer_bytes], 0 if pointer_bytes == 8 else 1
    parameters = 0
    tensors, nodes = 1, 0
    prepared: list[int] = []
    arrays: list[int] = []
    for name, channels, constants in operators:
        kernel = KERNELS[name]
        nodes += 1
        tensors += 1 + constants
        size = kernel.parameters[column]
        if size:
            unit = pointer_bytes if kernel.has_wide_parameters else min(size, 4)
            parameters = (parameters + size + unit - 1) & -unit
        size = (is_cmsis_nn and kernel.cmsis_nn_data) or kernel.data[column]
        if size:
            prepared.append(size)
        if kernel.has_arrays:
            arrays += (4 * channels, 4 * channels)
    used = own.base + own.tensor * tensors + own.node * nodes + parameters
    for size in prepared + arrays:
        used = (used + size + 15) & -16
    used += own.scratch_handle * scratch_buffers
    for end in range(2):
        used = (used + own.pointer + 15) & -16
        used += own.end_tensor + (own.end_quantization if end < quantized_ends else 0)
    return used
