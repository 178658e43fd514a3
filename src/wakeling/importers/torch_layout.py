"""How the axes of a torch tensor lie in the graph's tensor that holds the same values.

A view or a permutation of a torch tensor only changes this description; operators are emitted where a
layer needs the values in its own order (`Layout.moves_to`). No torch here, and no weights.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from wakeling.ops import Operator, Reshape, Shape, Transpose

GraphAxes = tuple[tuple[int, ...], ...]
"""For each axis of the graph's tensor the atoms that it is made of, outermost first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A torch tensor without its batch axis, cut into atoms: parts of axes that stay together.

    `sizes` has the atoms in torch's row-major order, `torch_axes` how many of them each torch axis
    takes. Axes of size 1 have none, so they come and go freely.
    """

    sizes: tuple[int, ...]
    torch_axes: tuple[int, ...]
    graph_axes: GraphAxes

    @property
    def torch_shape(self) -> Shape:
        """The torch tensor's shape, without the batch axis."""
        return tuple(prod(self.sizes[atom] for atom in atoms) for atoms in self.axes)

    @property
    def axes(self) -> GraphAxes:
        """The atoms of each torch axis."""
        ends = list(itertools.accumulate(self.torch_axes))
        return tuple(tuple(range(end - count, end)) for end, count in zip(ends, self.torch_axes, strict=True))

    @property
    def graph_shape(self) -> Shape:
        """The shape of the graph's tensor."""
        return self.shape_of(self.graph_axes)

    @property
    def graph_order(self) -> tuple[int, ...]:
        """The atoms in the order in which the graph's tensor holds them."""
        return tuple(itertools.chain.from_iterable(self.graph_axes))

    @property
    def canonical_axes(self) -> GraphAxes:
        """What layers read: height, width, channels for three axes, torch's order for others."""
        axes = self.axes
        return tuple(axes[axis] for axis in canonical_order(len(axes)))

    def shape_of(self, graph_axes: GraphAxes) -> Shape:
        """The shape of a graph's tensor with these axes."""
        return tuple(prod(self.sizes[atom] for atom in atoms) for atoms in graph_axes)

    def viewed(self, shape: Shape) -> Layout | None:
        """The same values as a torch tensor of another shape; None where atoms cannot be cut to fit."""
        old, new = _ends(self.sizes), _ends(shape)
        cuts = sorted({*old, *new} - {1})
        if any(right % left for left, right in itertools.pairwise(cuts)):
            return None
        sizes = tuple(right // left for left, right in itertools.pairwise([1, *cuts]))
        inside = [[cut for cut in cuts if low < cut <= high] for low, high in itertools.pairwise([1, *old])]
        first = list(itertools.accumulate((len(parts) for parts in inside), initial=0))
        pieces = [tuple(range(first[atom], first[atom + 1])) for atom in range(len(self.sizes))]
        graph_axes = tuple(
            tuple(itertools.chain.from_iterable(pieces[atom] for atom in atoms)) for atoms in self.graph_axes
        )
        counts = tuple(sum(low < cut <= high for cut in cuts) for low, high in itertools.pairwise([1, *new]))
        return _merged(Layout(sizes=sizes, torch_axes=counts, graph_axes=graph_axes))

    def permuted(self, order: Sequence[int]) -> Layout:
        """The torch tensor with its axes (batch left out) in another order."""
        axes = self.axes
        atoms = list(itertools.chain.from_iterable(axes[axis] for axis in order))
        number = {atom: index for index, atom in enumerate(atoms)}
        return _merged(
            Layout(
                sizes=tuple(self.sizes[atom] for atom in atoms),
                torch_axes=tuple(len(axes[axis]) for axis in order),
                graph_axes=tuple(tuple(number[atom] for atom in group) for group in self.graph_axes),
            )
        )

    def moves_to(self, graph_axes: GraphAxes) -> list[Operator]:
        """The operators that bring the graph's tensor to these axes, at most three."""
        order = self.graph_order
        wanted = tuple(itertools.chain.from_iterable(graph_axes))
        shape, moves = self.graph_shape, list[Operator]()
        if order != wanted:
            cut = tuple(self.sizes[atom] for atom in order)
            if cut != shape:
                moves.append(Reshape(shape=cut))
            moves.append(Transpose(order=tuple(order.index(atom) for atom in wanted)))
            shape = tuple(self.sizes[atom] for atom in wanted)
        if shape != self.shape_of(graph_axes):
            moves.append(Reshape(shape=self.shape_of(graph_axes)))
        return moves

    def with_graph_axes(self, graph_axes: GraphAxes) -> Layout:
        """The same torch tensor, held otherwise."""
        return _merged(Layout(sizes=self.sizes, torch_axes=self.torch_axes, graph_axes=graph_axes))


def canonical_order(rank: int) -> tuple[int, ...]:
    """The torch axis (batch left out) of each axis of the graph's tensor, as layers read it."""
    return (1, 2, 0) if rank == 3 else tuple(range(rank))


def layout_of(shape: Shape, order: Sequence[int] | None = None) -> Layout:
    """A torch tensor of `shape`; graph axis i holds torch axis `order[i]` (None: canonical)."""
    counts = tuple(int(size > 1) for size in shape)
    first = list(itertools.accumulate(counts, initial=0))
    axes = tuple(tuple(range(first[axis], first[axis + 1])) for axis in range(len(shape)))
    chosen = canonical_order(len(shape)) if order is None else order
    return Layout(
        sizes=tuple(size for size in shape if size > 1),
        torch_axes=counts,
        graph_axes=tuple(axes[axis] for axis in chosen),
    )


def _ends(sizes: Sequence[int]) -> list[int]:
    """Products of the first sizes: where each axis ends in row-major order."""
    return list(itertools.accumulate(sizes, lambda left, right: left * right))


def _merged(layout: Layout) -> Layout:
    """Atoms that lie side by side in both tensors become one."""
    starts = {group[0] for group in (*layout.axes, *layout.graph_axes) if group}
    for group in layout.graph_axes:
        starts |= {right for left, right in itertools.pairwise(group) if right != left + 1}
        starts |= {left + 1 for left, right in itertools.pairwise(group) if right != left + 1}
        starts |= {group[-1] + 1} if group else set()
    bounds = [*sorted(starts - {len(layout.sizes)}), len(layout.sizes)]
    number = {start: index for index, start in enumerate(bounds)}
    return Layout(
        sizes=tuple(prod(layout.sizes[low:high]) for low, high in itertools.pairwise(bounds)),
        torch_axes=tuple(sum(atom in number for atom in group) for group in layout.axes),
        graph_axes=tuple(
            tuple(number[atom] for atom in group if atom in number) for group in layout.graph_axes
        ),
    )
