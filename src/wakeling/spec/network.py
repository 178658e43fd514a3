"""A network as people write it: blocks over a square image; and its lowering to a graph."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

from wakeling.errors import SpecError
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.spec.blocks import Block, ClassifierHead
from wakeling.spec.checks import one_of, whole

MIN_RESOLUTION = 16
MAX_RESOLUTION = 1024
INPUT_CHANNELS = (1, 3)

Knobs = Mapping[str, float]
"""A family's arguments by name; numbers only, so that they go into a file as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Blocks in order over a square image; the last block is the classifier head.

    `resolution` is the image's side in pixels, `channels` 1 (gray) or 3 (RGB). Where the network
    comes from a family, `FAMILIES[family](**knobs)` makes the same network again.
    """

    name: str
    resolution: int
    channels: int
    blocks: tuple[Block, ...]
    family: str | None = None
    knobs: Knobs = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name or not self.name.isprintable():
            raise SpecError(f"name is {self.name!r}; it must be a line of printable text")
        whole("resolution", self.resolution, MIN_RESOLUTION, MAX_RESOLUTION)
        one_of("channels", self.channels, INPUT_CHANNELS)
        heads = [index for index, block in enumerate(self.blocks) if type(block) is ClassifierHead]
        if heads != [len(self.blocks) - 1]:
            raise SpecError(
                f"network {self.name!r} must end with its only classifier_head; "
                f"it has {len(self.blocks)} blocks, heads at {heads or 'none'}"
            )

    @property
    def classes(self) -> int:
        """How many classes the head tells apart."""
        head = self.blocks[-1]
        assert isinstance(head, ClassifierHead)
        return head.classes


def lower(network: Network, *, deployed: bool = False) -> Graph:
    """The network as it is trained: batch norms and activations are operators of their own.

    With `deployed`, they are folded and fused already (as `fuse.fuse` does it), which is all that a
    search needs and three times as fast. Blocks are named `block0`, `block1`, … and `head`; each
    operator's name starts with its block's. Raises GraphError where blocks do not fit together.
    """
    shape = (network.resolution, network.resolution, network.channels)
    builder = GraphBuilder(network.name, shape, deployed=deployed)
    tensor = INPUT
    for index, block in enumerate(network.blocks[:-1]):
        tensor = block.lower(builder, tensor, f"block{index}")
    return builder.build(network.blocks[-1].lower(builder, tensor, "head"))


def with_input(
    network: Network,
    *,
    resolution: int | None = None,
    channels: int | None = None,
    classes: int | None = None,
) -> Network:
    """The same blocks on another input or with another number of classes; None keeps a value.

    Only for a network without a family: a family's network is made again from its knobs.
    """
    if network.family is not None:
        raise SpecError(f"{network.name!r} is of family {network.family!r}; make it again with other knobs")
    blocks = network.blocks if classes is None else (*network.blocks[:-1], ClassifierHead(classes=classes))
    return dataclasses.replace(
        network,
        resolution=network.resolution if resolution is None else resolution,
        channels=network.channels if channels is None else channels,
        blocks=blocks,
    )
