"""The contract on every block, and what each one is made of."""

from __future__ import annotations

import pytest

from wakeling.errors import SpecError
from wakeling.graph import INPUT, GraphBuilder
from wakeling.ops import Add, Conv2D, DepthwiseConv2D
from wakeling.spec import BLOCKS, Block, ClassifierHead, DepthwiseSeparable, InvertedResidual, StandardConv
from wakeling.spec.blocks import block_from_json
from wakeling.testing.block_contract import BlockContract, lower_alone


class TestStandardConv(BlockContract):
    examples = (
        StandardConv(filters=8),
        StandardConv(filters=5, kernel=1, activation="linear"),
        StandardConv(filters=16, kernel=7, stride=2, activation="relu"),
        StandardConv(filters=8, skip=True),
    )


class TestDepthwiseSeparable(BlockContract):
    examples = (
        DepthwiseSeparable(filters=8),
        DepthwiseSeparable(filters=24, kernel=5, stride=2, activation="relu"),
        DepthwiseSeparable(filters=8, skip=True),
    )


class TestInvertedResidual(BlockContract):
    examples = (
        InvertedResidual(filters=8),
        InvertedResidual(filters=8, expansion=1),
        InvertedResidual(filters=24, kernel=7, stride=2, expansion=3, activation="relu"),
        InvertedResidual(filters=8, skip=False),
    )


class TestClassifierHead(BlockContract):
    examples = (ClassifierHead(), ClassifierHead(classes=1000))


def test_every_registered_block_has_its_contract_run() -> None:
    suites = (TestStandardConv, TestDepthwiseSeparable, TestInvertedResidual, TestClassifierHead)
    assert {type(suite.examples[0]) for suite in suites} == set(BLOCKS.values())


def test_depthwise_separable_strides_in_its_depthwise_half() -> None:
    lowered = lower_alone(DepthwiseSeparable(filters=16, stride=2), (33, 33, 8))
    first, second = (node for node in lowered.nodes if isinstance(node.op, Conv2D | DepthwiseConv2D))
    assert isinstance(first.op, DepthwiseConv2D)
    assert first.shape == (17, 17, 8)
    assert isinstance(second.op, Conv2D)
    assert second.op.kernel == (1, 1)
    assert second.shape == (17, 17, 16)


@pytest.mark.parametrize(
    ("block", "adds"),
    [
        (InvertedResidual(filters=8), True),
        (InvertedResidual(filters=8, stride=2), False),
        (InvertedResidual(filters=16), False),
        (InvertedResidual(filters=8, skip=False), False),
        (DepthwiseSeparable(filters=8), False),
        (DepthwiseSeparable(filters=8, skip=True), True),
        (DepthwiseSeparable(filters=16, skip=True), False),
        (StandardConv(filters=8), False),
        (StandardConv(filters=8, skip=True), True),
        (StandardConv(filters=8, stride=2, skip=True), False),
    ],
)
def test_a_skip_adds_only_where_shapes_are_kept(block: Block, adds: bool) -> None:
    lowered = lower_alone(block, (16, 16, 8))
    additions = [node for node in lowered.nodes if isinstance(node.op, Add)]
    assert len(additions) == adds
    if adds:
        assert INPUT in additions[0].inputs


def test_inverted_residual_has_a_linear_bottleneck() -> None:
    lowered = lower_alone(InvertedResidual(filters=24, expansion=6), (16, 16, 8))
    assert lowered.nodes[-1].name == "part_project_bn"
    assert lowered.by_name["part_expand"].shape == (16, 16, 48)


def test_expansion_of_one_has_no_expansion_layer() -> None:
    lowered = lower_alone(InvertedResidual(filters=24, expansion=1), (16, 16, 8))
    assert "part_expand" not in lowered.by_name


def test_head_needs_an_image() -> None:
    builder = GraphBuilder("head", (7, 5, 12))
    output = ClassifierHead(classes=3).lower(builder, INPUT, "head")
    assert builder.shape("head_pool") == (1, 1, 12)
    assert builder.shape(output) == (3,)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"block": "standard_convolution", "filters": 8}, "unknown block 'standard_convolution'; known: st"),
        ({"block": "standard_conv"}, "lacks the key 'filters'"),
        ({"block": "standard_conv", "filters": 8, "filtres": 8}, "unknown key 'filtres'; known: filters"),
        ({"block": "standard_conv", "filters": "8"}, "filters is '8'"),
        ({"filters": 8}, "the key 'block'"),
        ({"block": ["standard_conv"]}, "the key 'block'"),
        (7, "the key 'block'"),
    ],
)
def test_wrong_lines_of_a_network_file_are_named(value: object, message: str) -> None:
    with pytest.raises(SpecError, match=r"^block 3") as caught:
        block_from_json(value, "block 3")  # type: ignore[arg-type]  # what a file may hold
    assert message in str(caught.value)
