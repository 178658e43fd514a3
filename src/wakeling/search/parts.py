"""What a block of a network costs, and a whole network from its blocks: each is looked at once.

Every number comes from `wakeling.cost`, asked about the block alone; which of them add up, and which
only bound the whole, is said here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from wakeling.cost import PLANNERS, cost, count
from wakeling.cost.flash.code import code_bytes, kernels
from wakeling.cost.flash.model import Tables, c_tables, tables_of, tflite_file
from wakeling.cost.latency.costs import EngineCosts
from wakeling.cost.latency.work import works
from wakeling.cost.memory import OWN_C_PLANNERS
from wakeling.cost.memory.plan import live_bytes
from wakeling.cost.memory.tflm import Requests, arena_bytes, joined_requests, requests_of, tail_bytes
from wakeling.cost.memory.tflm_structures import persistent_bytes
from wakeling.cost.parameters import parameters
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import Conv2D, DepthwiseConv2D, Shape
from wakeling.spec import Block

MOST_KEPT = 65_536
"""Blocks that are remembered, and runs of them; beyond that all are forgotten, and looked at again."""

HEAD = "head"
"""What the last block's operators are called after; see `spec.lower`."""


class Part(NamedTuple):
    """A block on an image of one shape, alone.

    `live_bytes` is what the whole network's plan holds at least while the block runs, and
    `kept_bytes` what the block adds at least to what a runtime keeps for good. `cycles` and
    `layer_macs` have one entry for each operator (0 cycles where it does no work or no board is
    given). `skips_pixels` says that an operator steps over pixels, so that patches may compute less.
    `requests` is what the planner of TFLM is asked for, where that is the runtime.
    """

    target: Shape
    macs: int
    parameters: int
    live_bytes: int
    kept_bytes: int
    tables: Tables
    operators: int
    kernels: frozenset[str]
    cycles: tuple[float, ...]
    layer_macs: tuple[int, ...]
    cycle_sum: float
    skips_pixels: bool
    requests: Requests | None


def cost_block(block: Block, source: Shape, runtime: str, engine: EngineCosts | None) -> Part:
    """What one block costs on an image of shape `source`."""
    builder = GraphBuilder("part", source, deployed=True)
    tensor = block.lower(builder, INPUT, "block")
    graph = builder.build(tensor)
    shapes = graph.shapes
    counted = [parameters(op, shapes[inputs[0]]) for _, op, inputs, _ in graph.nodes]
    layer_macs = [count(op, shapes[inputs[0]], target).macs for _, op, inputs, target in graph.nodes]
    cycles = _cycles(graph, engine) if engine else (0.0,) * len(counted)
    live, kept_bytes, requests = _BOUNDS[runtime](graph)
    return Part(
        target=shapes[tensor],
        macs=sum(layer_macs),
        parameters=sum([own.weights + own.biases for own in counted]),
        live_bytes=live,
        kept_bytes=kept_bytes,
        tables=tables_of(graph, counted),
        operators=len(counted),
        kernels=kernels(graph),
        cycles=cycles,
        layer_macs=tuple(layer_macs),
        cycle_sum=sum(cycles),
        skips_pixels=any([_skips_pixels(node.op) for node in graph.nodes]),  # noqa: C419  # a list is quicker
        requests=requests,
    )


def _cycles(graph: Graph, engine: EngineCosts) -> tuple[float, ...]:
    report = cost(graph, runtimes=())
    spent = {work.name: engine.of(work) for work in works(report)}
    return tuple([spent.get(layer.name, 0.0) for layer in report.layers])


def _skips_pixels(op: object) -> bool:
    return isinstance(op, Conv2D | DepthwiseConv2D) and (
        op.kernel[0] < op.stride[0] or op.kernel[1] < op.stride[1]
    )


class Run(NamedTuple):
    """Blocks that follow each other: amounts add up, what is held at a time does not.

    `constant_bytes` are weights and biases.
    """

    parts: tuple[Part, ...]
    target: Shape
    macs: int
    live_bytes: int
    kept_bytes: int
    constant_bytes: int
    cycle_sum: float
    skips_pixels: bool


def joined(parts: Sequence[Part]) -> Run:
    """Parts as one run; at least one."""
    return Run(
        parts=tuple(parts),
        target=parts[-1].target,
        macs=sum([part.macs for part in parts]),
        live_bytes=max([part.live_bytes for part in parts]),
        kept_bytes=sum([part.kept_bytes for part in parts]),
        constant_bytes=sum([part.tables.weights + part.tables.biases for part in parts]),
        cycle_sum=sum([part.cycle_sum for part in parts]),
        skips_pixels=any([part.skips_pixels for part in parts]),  # noqa: C419  # a list is quicker
    )


def exact_ram(parts: Sequence[Part], runtime: str) -> int | None:
    """The peak of a network's plan from its parts; None where only the planner can tell.

    What is placed nowhere is largest where the largest part is; TFLM's arena is planned again from
    what all parts ask for.
    """
    if runtime in ("liveness", "best-order"):
        return max([part.live_bytes for part in parts])
    requests = [part.requests for part in parts if part.requests is not None]
    return arena_bytes(joined_requests(requests)) if requests else None


def _joined_tables(tables: Sequence[Tables]) -> Tables:
    weights, biases, operators, quantized, requantized, functions, lengths, floats = zip(*tables, strict=True)
    return Tables(
        sum(weights),
        sum(biases),
        sum(operators),
        sum(quantized),
        sum(requantized),
        sum(functions),
        set().union(*lengths),  # one table for all that are of one length
        any(floats),
    )


def flash_of(parts: Sequence[Part], runtime: str) -> int:
    """Flash of a network of these parts: exact, since tables add up and kernels are counted once."""
    weights, biases, weighted, quantized, requantized, functions, lengths, floats = zip(
        *[part.tables for part in parts], strict=True
    )
    together = Tables(
        sum(weights),
        sum(biases),
        sum(weighted),
        sum(quantized),
        sum(requantized),
        sum(functions),
        set().union(*lengths),  # one table for all that are of one length
        any(floats),
    )
    names = frozenset().union(*[part.kernels for part in parts])
    operators = sum([part.operators for part in parts])
    if runtime in OWN_C_PLANNERS:
        return sum(c_tables(together, operators)) + code_bytes("wakeling-c", names)
    return sum(tflite_file(together, operators)) + code_bytes("tflm", names)


Bound = tuple[int, int, Requests | None]


def _from_plan(runtime: str) -> Callable[[Graph], Bound]:
    """A plan of the part alone holds what the whole plan holds at those steps: a chain is cut there."""

    def bound(graph: Graph) -> Bound:
        plan = PLANNERS[runtime](graph)
        return max(plan.live_bytes), 0, None

    return bound


def _tflm(graph: Graph) -> Bound:
    """Tensors and scratch in the head, and the tail less what every tail has."""
    requests = requests_of(graph)
    head = live_bytes((*requests.tensors, *requests.scratch), len(requests.operators))
    return max(head), tail_bytes(requests) - _TFLM_ALONE - _TFLM_ROUNDING, requests


def _patched(graph: Graph) -> Bound:
    """Nothing is known beforehand, but that the network's input is whole: any part may run by patches."""
    return 0, 0, None


_TFLM_ALONE = persistent_bytes((), scratch_buffers=0, quantized_ends=2, pointer_bytes=4, is_cmsis_nn=True)
_TFLM_ROUNDING = 3 * 15
"""The tail is filled up to 16 at the first structure that an operator keeps and at both ends."""

_BOUNDS: Mapping[str, Callable[[Graph], Bound]] = MappingProxyType(
    {
        "liveness": _from_plan("liveness"),
        "best-order": _from_plan("best-order"),
        "tflm": _tflm,
        "wakeling-c": _from_plan("wakeling-c"),
        "patched": _patched,
    }
)
"""From a block alone to (`live_bytes`, `kept_bytes`, `requests`), by runtime."""


def ram_bound(parts: Sequence[Part], runtime: str, source: Shape) -> int:
    """Bytes that the plan of a network of these parts cannot go below; `source` is its input's shape."""
    kept_bytes = kept_alone(runtime) + sum([part.kept_bytes for part in parts])
    return max(math.prod(source), *[part.live_bytes for part in parts]) + kept_bytes


def kept_alone(runtime: str) -> int:
    """What a runtime keeps for good whatever the network."""
    return _TFLM_ALONE if runtime == "tflm" else 0
