"""Which tensors the networks of a space share, and which of them a node of a network uses.

Everything is read off the points' own graphs: a node's name says its place in its block, the block's
place in the space says whose tensor it is. No torch here; cutting and training are elsewhere.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wakeling.graph import Graph, weight_shapes
from wakeling.ops import Dense, DepthwiseConv2D, Shape
from wakeling.search.space import Parameter, Point, StagedSpace
from wakeling.spec import lower

STATISTICS = ("mean", "variance")
"""Parts of a batch norm that no two networks share: each network has its own (`recalibration`)."""

_KERNEL_AXIS = 1
"""Where the height of a kernel stands in the order of `graph.weight_key`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedTensor:
    """A tensor as large as the largest use of it, in the axis order of `graph.weight_key`.

    `kernels` are the sizes that networks use, the largest first (none for a vector or a matrix);
    `spread` is the standard deviation of the first weights.
    """

    shape: Shape
    kernels: tuple[int, ...]
    spread: float


def shared_names(space: StagedSpace, point: Point, graph: Graph) -> Mapping[str, str]:
    """The shared tensor of every trained weight of the point's graph, by the weight's key.

    A stage's block is named by stage, number within it and kind: a shallower stage uses the first
    blocks of a deeper one, and kinds share nothing. The stems for gray and RGB photos are two.
    """
    blocks = dict(zip(_block_names(graph), _places(space, point), strict=True))
    names = {}
    for key in weight_shapes(graph):
        block, _, rest = key.partition("_")
        if not key.endswith(STATISTICS):
            names[key] = f"{blocks[block]}/{rest}"
    return names


def shared_tensors(space: StagedSpace) -> Mapping[str, SharedTensor]:
    """Every tensor that some network of the space uses."""
    shapes: dict[str, Shape] = {}
    kernels: dict[str, set[int]] = {}
    operators: dict[str, type] = {}
    for point in covering_points(space):
        graph = lower(space.network(point))
        needed = weight_shapes(graph)
        for key, name in shared_names(space, point, graph).items():
            shape = needed[key]
            shapes[name] = tuple(map(max, shape, shapes.get(name, shape)))
            kernels.setdefault(name, set()).update(shape[_KERNEL_AXIS:2] if len(shape) == 4 else ())
            operators[name] = type(graph.by_name[key.rpartition("/")[0]].op)
    return {
        name: SharedTensor(
            shape=shape,
            kernels=tuple(sorted(kernels[name], reverse=True)),
            spread=_spread(shape, operators[name]),
        )
        for name, shape in shapes.items()
    }


def covering_points(space: StagedSpace) -> Iterator[Point]:
    """Points that together use the whole of every shared tensor, in every size of kernel.

    All have the most filters, depth and expansion, since only those make tensors larger. Colors,
    kinds and kernels are tried with each other; and every run of stages that may be left out (the
    head is one of them) is left out once, because the layer after it then reads what came before it.
    """
    most = [len(parameter.choices) - 1 if parameter.is_ordered else 0 for parameter in space.parameters]
    tried = [
        [place for place, parameter in enumerate(space.parameters) if _knob(parameter) == knob]
        for knob in ("channels", "block", "kernel")
    ]
    counts = [max(len(space.parameters[place].choices) for place in places) for places in tried]
    seen = set()
    for run, indices in itertools.product(_runs_left_out(space), itertools.product(*map(range, counts))):
        point = list(most)
        for places, index in zip(tried, indices, strict=True):
            for place in places:
                point[place] = min(index, len(space.parameters[place].choices) - 1)
        for place in run:
            point[place] = space.parameters[place].choices.index(0)
        canonical = space.canonical(tuple(point))
        if canonical not in seen:
            seen.add(canonical)
            yield canonical


def _knob(parameter: Parameter) -> str:
    return parameter.name.rpartition(".")[2]


def _runs_left_out(space: StagedSpace) -> Iterator[Sequence[int]]:
    """Every run of neighboring stages, the head as the last, that may all be left out; none first.

    A run is the places of the parameters whose choice 0 leaves them out.
    """
    places = [place for place, parameter in enumerate(space.parameters) if _knob(parameter) == "depth"]
    places.append(len(space.parameters) - 1)
    yield ()
    for first in range(len(places)):
        for last in range(first, len(places)):
            if 0 not in space.parameters[places[last]].choices:
                break
            yield places[first : last + 1]


def _block_names(graph: Graph) -> list[str]:
    """The blocks of a lowered network in order: `block0`, …, `head`."""
    return list(dict.fromkeys(node.name.partition("_")[0] for node in graph.nodes))


def _places(space: StagedSpace, point: Point) -> Iterator[str]:
    """Where each block of the point's network lies in the space, in the order of the blocks."""
    chosen = {
        parameter.name: parameter.choices[index]
        for parameter, index in zip(space.parameters, point, strict=True)
    }
    yield f"stem/{'gray' if chosen['channels'] == 1 else 'rgb'}"
    for number in range(1, len(space.stages) + 1):
        for position in range(1, int(chosen[f"stage{number}.depth"]) + 1):
            yield f"stage{number}/{position}/{chosen[f'stage{number}.block']}"
    if chosen["head.filters"]:
        yield "head"
    yield "classifier"


def _spread(shape: Shape, operator: type) -> float:
    """Standard deviation of the first weights, as `nets.initialize` has it for the largest network."""
    fan_in = math.prod(shape[1:3]) if operator is DepthwiseConv2D else math.prod(shape[1:])
    return math.sqrt((1.0 if operator is Dense else 2.0) / fan_in)
