"""Which tensors share memory: aliases, and operators that write over an operand which dies there.

A piece of storage may shrink or grow when an operator works in place; then a further piece begins at
the same offset: one step later, or at that step. Where storage goes in an arena is in `placement`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.graph import INPUT, Graph, Node
from wakeling.ops import Activation, Add, BatchNorm, Mul, Operator, Quantize, Reshape, Softmax, Sub

ELEMENTWISE: frozenset[type[Operator]] = frozenset((Activation, BatchNorm, Add, Sub, Mul, Quantize, Softmax))
"""Operators that read value i of an operand of the output's size for the last time before writing it."""


@dataclass(slots=True)
class Piece:
    """`size` bytes held from step `first` to step `last` by `tensors`, one after the other.

    Pieces of one `block` start at the same offset. Mutable: filled while the graph is walked.
    """

    size: int
    first: int
    last: int
    block: int
    tensors: list[str]


Pads = Mapping[str, Node]
"""`Pad` nodes that make no tensor, because their readers compute them."""

NO_PADS: Pads = MappingProxyType({})

InPlace = Callable[[Graph, Node, str, int, Pads], int | None]
"""What a node needs to write over an operand, from its name and its storage's bytes: bytes of scratch.

None where it cannot. That the operand dies at the node (nobody reads its storage later, and it isn't
the network's output) is checked by the caller.
"""


def elementwise_in_place(
    graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads = NO_PADS
) -> int | None:
    """An element-wise operator may write over an operand with as many elements as its output.

    The output's elements must not be wider than the operand's. It needs no scratch.
    """
    if type(node.op) not in ELEMENTWISE or graph.sizes[node.name] > size_bytes:
        return None
    shape = graph.shapes[operand]
    return 0 if shape == node.shape or math.prod(shape) == math.prod(node.shape) else None


def _never(graph: Graph, node: Node, operand: str, size_bytes: int, pads: Pads) -> int | None:
    return None


IN_PLACE: Mapping[type[Operator], InPlace] = MappingProxyType(
    dict.fromkeys(ELEMENTWISE, elementwise_in_place)
)
"""By operator class; a class that is missing never works in place."""


def no_copy(node: Node) -> bool:
    """Whether a node's output is its input under another name."""
    return type(node.op) is Reshape


def storage(
    graph: Graph,
    nodes: Sequence[Node],
    in_place: Mapping[type[Operator], InPlace] = IN_PLACE,
    pads: Pads = NO_PADS,
) -> tuple[list[Piece], dict[str, int]]:
    """The pieces of storage that `nodes`, in this order, need, and scratch for working in place.

    A reshape makes no tensor, and neither do `pads`. Any other node writes over the first operand that
    dies there and that `in_place` allows, or to storage of its own.
    """
    sizes, end = graph.sizes, len(nodes) - 1
    last = {INPUT: 0}
    for step, (name, _, inputs, _) in enumerate(nodes):
        for operand in inputs:
            last[operand] = step
        last[name] = step
    last[graph.output] = end + 1
    pieces = [Piece(sizes[INPUT], 0, last[INPUT], 0, [INPUT])]
    held = {INPUT: pieces[0]}
    scratch = {}
    blocks = 1
    for step, node in enumerate(nodes):
        name, op, inputs, _ = node
        until = last[name]
        if type(op) is Reshape or name in pads:
            piece = held[inputs[0]]
            piece.tensors.append(name)
            piece.last = max(piece.last, until)
            held[name] = piece
            continue
        rule = in_place.get(type(op), _never)
        for operand in inputs:
            piece = held[operand]
            if piece.last != step:
                continue
            needed = rule(graph, node, operand, piece.size, pads)
            if needed is None:
                continue
            if needed:
                scratch[name] = needed
            if sizes[name] > piece.size:
                piece = _grow(pieces, piece, name, sizes[name], step, until)
            elif sizes[name] < piece.size and until > step < end:
                piece = Piece(sizes[name], step + 1, until, piece.block, [name])
                pieces.append(piece)
            else:
                piece.tensors.append(name)
                piece.last = until
            break
        else:
            piece = Piece(sizes[name], step, until, blocks, [name])
            pieces.append(piece)
            blocks += 1
        held[name] = piece
    for piece in pieces:
        if piece.last > end:
            piece.last = end
    return pieces, scratch


def _grow(pieces: list[Piece], piece: Piece, name: str, size: int, step: int, until: int) -> Piece:
    """The piece of an output that is larger than the operand over which it is written.

    All of it is held while the operator runs, so that the operand's piece ends a step before.
    """
    if step == 0:  # the network's input: there is no step before
        piece.size, piece.last = size, until
        piece.tensors.append(name)
        return piece
    if piece.first == step:
        # The operand was written over a larger tensor just before and would have shrunk here: that
        # tensor's piece is all the operand ever has.
        pieces.remove(piece)
        larger = next(other for other in reversed(pieces) if other.block == piece.block)
        larger.tensors += piece.tensors
    else:
        piece.last = step - 1
    grown = Piece(size, step, until, piece.block, [name])
    pieces.append(grown)
    return grown
