"""`tflm`: the tensor arena of TensorFlow Lite Micro, planned as its interpreter plans it.

The head (tensors and scratch buffers, placed greedily by size at multiples of 16) is exact for a
file in the graph's order; the tail is counted from its structures in `tflm_structures`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from wakeling.cost.memory.placement import Block, Piece, place_in_order
from wakeling.cost.memory.plan import Lifetime, MemoryPlan, live_bytes, parts_at_peak
from wakeling.cost.memory.tflm_scratch import SCRATCH
from wakeling.cost.memory.tflm_structures import KERNELS, Kernels, PointerBytes, persistent_bytes
from wakeling.errors import UnsupportedOpError, WakelingError, unknown_name
from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import (
    Activation,
    Add,
    AveragePool2D,
    BatchNorm,
    Concat,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dequantize,
    MaxPool2D,
    Mean,
    Mul,
    Operator,
    Pad,
    PointwiseKind,
    Quantize,
    Reshape,
    Softmax,
    StridedSlice,
    Sub,
    Transpose,
    constant_of,
    operator_name,
)

FILE_OPERATORS: Mapping[type[Operator], tuple[str, ...]] = MappingProxyType(
    {
        Conv2D: ("CONV_2D",),
        DepthwiseConv2D: ("DEPTHWISE_CONV_2D",),
        Dense: ("FULLY_CONNECTED",),
        BatchNorm: ("MUL", "ADD"),
        Add: ("ADD",),
        Sub: ("SUB",),
        Mul: ("MUL",),
        Concat: ("CONCATENATION",),
        AveragePool2D: ("AVERAGE_POOL_2D",),
        MaxPool2D: ("MAX_POOL_2D",),
        Mean: ("MEAN",),
        Pad: ("PAD",),
        Reshape: ("RESHAPE",),
        Transpose: ("TRANSPOSE",),
        StridedSlice: ("STRIDED_SLICE",),
        Softmax: ("SOFTMAX",),
        Quantize: ("QUANTIZE",),
        Dequantize: ("DEQUANTIZE",),
    }
)
FILE_ACTIVATIONS: Mapping[PointwiseKind, tuple[str, ...]] = MappingProxyType(
    {
        "linear": ("RESHAPE",),
        "relu": ("RELU",),
        "relu6": ("RELU6",),
        "hard_swish": ("HARD_SWISH",),
        "hard_sigmoid": ("ADD", "MUL"),
        "sigmoid": ("LOGISTIC",),
        "swish": ("LOGISTIC", "MUL"),
        "tanh": ("TANH",),
    }
)
"""The operators that a .tflite file has for one of ours; all but the last make a tensor in between."""

Step = tuple[str, str, tuple[str, ...], Node]
"""One operator of the file: its output, its kernel, the activations that it reads, and our node."""


def tflm(graph: Graph, *, pointer_bytes: PointerBytes = 4, kernels: Kernels = "cmsis-nn") -> MemoryPlan:
    """The arena of a fused graph: its peak is what the tensor arena must hold, aligned to 16.

    `pointer_bytes=4` is a microcontroller; 8 is the Python wheel of TFLM on a computer, which has
    the `reference` kernels only. `kernels` is `reference`, `cmsis-nn` (Cortex-M4, M7, M33) or
    `cmsis-nn-mve` (Cortex-M55). Every tensor has a buffer of its own, a reshape's output too, and the
    network's output is held to the end. Raises UnsupportedOpError for an operator that the tables
    lack, WakelingError for options that do not go together.

    Source: `greedy_memory_planner.cc`, `micro_allocation_info.cc` and `micro_allocator.cc` of TFLM.
    """
    if kernels not in SCRATCH:
        raise WakelingError(unknown_name("kernels", kernels, SCRATCH))
    if pointer_bytes == 8 and kernels != "reference":
        raise WakelingError(f"TFLM on 64 bits has reference kernels only; given {kernels!r}")
    steps = _steps(graph)
    count = len(steps)
    scratch = _scratch(graph, steps, kernels)
    tensors = _tensors(graph, steps)
    requests = _requests(steps, tensors, scratch)
    offsets, head = _head(requests)
    tail = _tail(
        requests,
        quantized_ends=sum(graph.types[end] != "float32" for end in (INPUT, graph.output)),
        pointer_bytes=pointer_bytes,
        is_cmsis_nn=kernels != "reference",
    )
    buffers = [
        Lifetime(name, size, first, last, offset)
        for (name, (size, first, last)), offset in zip(tensors.items(), offsets, strict=False)
    ]
    buffers += [
        Lifetime(name, size, step, step, offset, "scratch")
        for (name, size, step), offset in zip(scratch, offsets[len(tensors) :], strict=True)
    ]
    buffers.append(Lifetime("TFLM", tail, 0, count - 1, head, "persistent"))
    live = live_bytes([buffer[1:4] for buffer in buffers], count)
    return MemoryPlan(
        runtime="tflm",
        peak_bytes=head + tail,
        live_bytes=live,
        buffers=tuple(buffers),
        parts=parts_at_peak(buffers, live, head + tail),
        order=() if count == len(graph.nodes) else tuple([name for name, _, _, _ in steps]),
    )


class Requests(NamedTuple):
    """What operators in a row ask TFLM for: pieces (bytes filled up to 16, first step, last step).

    `tensors` begins with what the first operator reads and ends with what the last one makes, `scratch`
    is in the order of the requests, and `operators` has (kernel, output channels, constant tensors).
    """

    tensors: tuple[Piece, ...]
    scratch: tuple[Piece, ...]
    operators: tuple[tuple[str, int, int], ...]


def requests_of(graph: Graph) -> Requests:
    """The requests of a fused graph with CMSIS-NN, a whole network's or that of a part of one."""
    steps = _steps(graph)
    return _requests(steps, _tensors(graph, steps), _scratch(graph, steps, "cmsis-nn"))


def joined_requests(parts: Sequence[Requests]) -> Requests:
    """The requests of parts that follow each other, each reading only what the one before makes."""
    tensors: list[Piece] = []
    scratch: list[Piece] = []
    operators: list[tuple[str, int, int]] = []
    for part in parts:
        begin = len(operators)
        if begin:
            size, first, _ = tensors[-1]
            tensors[-1] = size, first, part.tensors[0][2] + begin
            tensors += [(size, first + begin, last + begin) for size, first, last in part.tensors[1:]]
            scratch += [(size, first + begin, last + begin) for size, first, last in part.scratch]
        else:
            tensors += part.tensors
            scratch += part.scratch
        operators += part.operators
    return Requests(tuple(tensors), tuple(scratch), tuple(operators))


def arena_bytes(requests: Requests) -> int:
    """The peak of `tflm` for an int8 network with these requests, on a microcontroller with CMSIS-NN."""
    return _head(requests)[1] + tail_bytes(requests)


def tail_bytes(requests: Requests) -> int:
    """What of `arena_bytes` is kept for good."""
    return _tail(requests, quantized_ends=2, pointer_bytes=4, is_cmsis_nn=True)


def _requests(
    steps: list[Step], tensors: Mapping[str, Piece], scratch: Sequence[tuple[str, int, int]]
) -> Requests:
    return Requests(
        tuple(tensors.values()),
        tuple([(size, step, step) for _, size, step in scratch]),
        tuple([(kernel, node.shape[-1], _constants(kernel, node)) for _, kernel, _, node in steps]),
    )


def _head(requests: Requests) -> tuple[list[int], int]:
    """Where the tensors and then the scratch buffers start, and the end of the last of them."""
    blocks: list[Block] = [(piece,) for piece in (*requests.tensors, *requests.scratch)]
    # Later buffers come first among equals: TFLM fills its list from the back, then sorts it stably.
    order = sorted(range(len(blocks) - 1, -1, -1), key=[-block[0][0] for block in blocks].__getitem__)
    offsets = place_in_order(blocks, order, len(requests.operators))
    return offsets, max([offset + block[0][0] for offset, block in zip(offsets, blocks, strict=True)])


def _tail(requests: Requests, *, quantized_ends: int, pointer_bytes: PointerBytes, is_cmsis_nn: bool) -> int:
    return persistent_bytes(
        requests.operators,
        scratch_buffers=len(requests.scratch),
        quantized_ends=quantized_ends,
        pointer_bytes=pointer_bytes,
        is_cmsis_nn=is_cmsis_nn,
    )


def _steps(graph: Graph) -> list[Step]:
    """The operators of the file that stands for the graph, in order."""
    steps: list[Step] = []
    for node in graph.nodes:
        op = node.op
        kernels = FILE_ACTIVATIONS[op.kind] if isinstance(op, Activation) else FILE_OPERATORS.get(type(op))
        if kernels is None:
            raise UnsupportedOpError(operator_name(op), "TFLM")
        if len(kernels) == 1:
            steps.append((node.name, kernels[0], node.inputs, node))
            continue
        between = f"{node.name}/{kernels[0].lower()}"
        is_swish = isinstance(op, Activation) and op.kind == "swish"
        steps.append((between, kernels[0], node.inputs, node))
        steps.append((node.name, kernels[1], (*node.inputs, between) if is_swish else (between,), node))
    return steps


def _tensors(graph: Graph, steps: list[Step]) -> dict[str, Piece]:
    """(bytes filled up to 16, first step, last step) of each tensor, in the order of the file."""
    sizes = graph.sizes
    last = {INPUT: 0}
    for number, (name, _, reads, _) in enumerate(steps):
        for read in reads:
            last[read] = number
        last[name] = number
    last[graph.output] = len(steps) - 1
    tensors = {INPUT: ((sizes[INPUT] + 15) & -16, 0, last[INPUT])}
    for number, (name, _, _, node) in enumerate(steps):
        tensors[name] = ((sizes[node.name] + 15) & -16, number, last[name])
    return tensors


def _scratch(graph: Graph, steps: list[Step], kernels: Kernels) -> list[tuple[str, int, int]]:
    """(name, bytes filled up to 16, step) of each scratch buffer, in the order of the requests."""
    shapes, types = graph.shapes, graph.types
    found = []
    for number, (name, _, _, node) in enumerate(steps):
        source = node.inputs[0]
        formula = SCRATCH[kernels if types[source] == "int8" else "reference"].get(type(node.op))
        if formula is None:
            continue
        for part, size in enumerate(formula(node.op, shapes[source], node.shape)):
            found.append((f"{name}/scratch{part or ''}", (size + 15) & -16, number))
    return found


def _constants(kernel: str, node: Node) -> int:
    """Tensors of the file that the operator reads besides activations."""
    op = node.op
    if type(op) in _WITH_OPERAND and (constant_of(op) is not None or type(op) is BatchNorm):
        return 1
    return KERNELS[kernel].constants


_WITH_OPERAND = frozenset((Add, Sub, Mul, BatchNorm))
