"""What every block must do. Subclass `BlockContract`, give it examples, and pytest runs it.

class TestMyBlock(BlockContract):
    examples = (MyBlock(filters=8), MyBlock(filters=16, stride=2))
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, ClassVar

from wakeling import graph as graphs
from wakeling.cost import cost
from wakeling.errors import SpecError
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph, GraphBuilder
from wakeling.ops import OPERATORS, BatchNorm
from wakeling.spec import BLOCKS, Block
from wakeling.spec.blocks import block_from_json, block_to_json

INPUT_SHAPES = ((32, 32, 8), (9, 9, 1), (1, 1, 24))


def lower_alone(block: Block, input_shape: tuple[int, ...], name: str = "part") -> Graph:
    """The graph of one block on an input of (height, width, channels)."""
    builder = GraphBuilder("contract", input_shape)
    return builder.build(block.lower(builder, INPUT, name))


class BlockContract:
    """The suite; `examples` holds blocks of one class that differ in every attribute that matters."""

    examples: ClassVar[tuple[Block, ...]]

    def test_is_registered_under_one_name(self) -> None:
        """The block has exactly one name in `BLOCKS`."""
        for block in self.examples:
            assert list(BLOCKS.values()).count(type(block)) == 1

    def test_survives_json(self) -> None:
        """A block is a line of a network file."""
        for block in self.examples:
            assert block_from_json(json.loads(json.dumps(block_to_json(block)))) == block

    def test_is_frozen_and_hashable(self) -> None:
        """Nobody changes a block, and equal blocks have equal hashes."""
        for block in self.examples:
            name = dataclasses.fields(block)[0].name
            try:
                setattr(block, name, getattr(block, name))
            except dataclasses.FrozenInstanceError:
                pass
            else:
                raise AssertionError(f"{type(block).__name__}.{name} can be changed")
            assert hash(block) == hash(dataclasses.replace(block))

    def test_lowers_to_primitive_operators_under_its_own_name(self) -> None:
        """Every node is a primitive operator, and its name starts with the block's."""
        for block in self.examples:
            for shape in INPUT_SHAPES:
                lowered = lower_alone(block, shape)
                assert lowered.nodes
                for node in lowered.nodes:
                    assert node.name.startswith("part_")
                    assert type(node.op) in OPERATORS.values()

    def test_lowers_the_same_way_each_time(self) -> None:
        """Lowering is a pure function; a second block in the same graph does not collide."""
        for block in self.examples:
            assert lower_alone(block, (32, 32, 8)) == lower_alone(block, (32, 32, 8))
            builder = GraphBuilder("contract", (32, 32, 8))
            first = block.lower(builder, INPUT, "first")
            second = block.lower(builder, INPUT, "second")
            assert builder.shape(first) == builder.shape(second)

    def test_lowers_deployed_to_what_fusing_makes(self) -> None:
        """Building the deployed network at once gives the graph that fusing the trained one gives."""
        for block in self.examples:
            for shape in INPUT_SHAPES:
                builder = GraphBuilder("contract", shape, deployed=True)
                at_once = builder.build(block.lower(builder, INPUT, "part"))
                assert at_once == fuse(lower_alone(block, shape)).graph

    def test_every_node_leads_to_the_output(self) -> None:
        """No operator is computed for nothing."""
        for block in self.examples:
            lowered = lower_alone(block, (32, 32, 8))
            unread = [name for name, readers in lowered.consumers.items() if not readers]
            assert unread == [lowered.output]

    def test_graph_survives_json(self) -> None:
        """The lowered graph is plain data."""
        for block in self.examples:
            lowered = lower_alone(block, (32, 32, 8))
            assert graphs.from_json(json.loads(json.dumps(graphs.to_json(lowered)))) == lowered

    def test_can_be_deployed_and_costed(self) -> None:
        """Every batch norm folds, and every operator has its formulas."""
        for block in self.examples:
            lowered = lower_alone(block, (32, 32, 8))
            deployed = fuse(lowered).graph
            assert not any(isinstance(node.op, BatchNorm) for node in deployed.nodes)
            report = cost(lowered)
            assert report.deployed_parameters > 0
            assert report.deployed_parameters <= report.training_parameters
            assert report.ram_bytes["liveness"] > 0

    def test_refuses_wrong_attributes(self) -> None:
        """Zero, a negative number, a fraction, NaN, a boolean and text raise one clear SpecError."""
        for block in self.examples:
            for field in dataclasses.fields(block):
                switch = isinstance(getattr(block, field.name), bool)
                for wrong in (0, -1, 3.0, 2.5, float("nan"), 1 if switch else True, "many", None, 10**9):
                    message = _refusal(block, field.name, wrong)
                    assert field.name in message
                    assert "\n" not in message


def _refusal(block: Block, attribute: str, value: Any) -> str:
    try:
        dataclasses.replace(block, **{attribute: value})
    except SpecError as error:
        return str(error)
    raise AssertionError(f"{type(block).__name__} takes {attribute} = {value!r}")
