"""What a layer gives an engine to do: its kind, and amounts that are those of closed forms."""

from __future__ import annotations

import dataclasses

import pytest

from wakeling import cost, spec
from wakeling.cost.latency.work import _RULES, KINDS, Work, works
from wakeling.errors import UnsupportedOpError
from wakeling.graph import GraphBuilder
from wakeling.ops import (
    OPERATORS,
    Activation,
    Add,
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Mean,
    Operator,
    Pad,
    Reshape,
    Softmax,
)


def work_of(op: Operator, shape: tuple[int, ...], input_type: str = "int8") -> tuple[Work, ...]:
    builder = GraphBuilder("one", shape, input_type)  # type: ignore[arg-type]
    inputs = ("input", "input") if isinstance(op, Add) else ("input",)
    builder.append(op, *inputs, name="layer")
    return works(cost.cost(builder.build()))


@pytest.mark.parametrize(
    ("op", "shape", "kind", "macs", "outputs", "is_aligned"),
    [
        (Conv2D(filters=16, kernel=(1, 1)), (8, 8, 8), "pointwise", 8 * 16 * 64, 16 * 64, True),
        (Conv2D(filters=16, kernel=(1, 1)), (8, 8, 6), "pointwise", 6 * 16 * 64, 16 * 64, False),
        (Conv2D(filters=15, kernel=(1, 1)), (8, 8, 8), "pointwise", 8 * 15 * 64, 15 * 64, False),
        (Conv2D(filters=8, kernel=(3, 3)), (8, 8, 3), "shallow", 27 * 8 * 64, 8 * 64, True),
        (Conv2D(filters=8, kernel=(5, 5)), (8, 8, 1), "shallow", 25 * 8 * 64, 8 * 64, True),
        (Conv2D(filters=8, kernel=(3, 3)), (8, 8, 4), "standard", 36 * 8 * 64, 8 * 64, True),
        (Conv2D(filters=8, kernel=(3, 3)), (8, 8, 5), "standard", 45 * 8 * 64, 8 * 64, False),
        (DepthwiseConv2D(kernel=(3, 3)), (8, 8, 8), "depthwise", 9 * 512, 512, True),
        (DepthwiseConv2D(kernel=(3, 3)), (8, 8, 7), "depthwise", 9 * 448, 448, False),
        (DepthwiseConv2D(kernel=(5, 5)), (8, 8, 8), "depthwise_large", 25 * 512, 512, True),
        (DepthwiseConv2D(kernel=(3, 3), multiplier=8), (8, 8, 1), "depthwise_multiplied", 9 * 512, 512, True),
        (Dense(units=2), (256,), "dense", 512, 2, True),
    ],
)
def test_a_layer_with_macs_has_its_kind(
    op: Operator, shape: tuple[int, ...], kind: str, macs: int, outputs: int, is_aligned: bool
) -> None:
    (work,) = work_of(op, shape)
    assert (work.kind, work.macs, work.outputs, work.is_aligned) == (kind, macs, outputs, is_aligned)
    assert work.elements == 0
    assert not work.is_float


@pytest.mark.parametrize(
    ("op", "shape", "elements"),
    [
        (AveragePool2D(pool=(8, 8)), (8, 8, 4), 256),  # every input is read once
        (AveragePool2D(pool=(3, 3)), (8, 8, 4), 9 * 36 * 4),  # windows overlap
        (MaxPool2D(pool=(2, 2), stride=(2, 2)), (8, 8, 4), 256),
        (Mean(), (8, 8, 4), 256),
        (Add(), (8, 8, 4), 256),
        (Pad(rows=(1, 1), columns=(1, 1)), (8, 8, 4), 400),
        (Softmax(), (10,), 10),
        (Activation(kind="hard_swish"), (8, 8, 4), 256),
    ],
)
def test_a_layer_without_macs_is_paid_for_by_its_elements(
    op: Operator, shape: tuple[int, ...], elements: int
) -> None:
    assert work_of(op, shape) == (Work("layer", "element", elements=elements),)


def test_a_reshape_does_nothing() -> None:
    assert work_of(Reshape(shape=(256,)), (8, 8, 4)) == ()


def test_float_layers_are_told_apart() -> None:
    for kind, is_float in (("int8", False), ("float32", True)):
        (work,) = work_of(Conv2D(filters=8, kernel=(3, 3), use_bias=True), (8, 8, 4), kind)
        assert work.is_float is is_float


def test_every_operator_has_a_rule() -> None:
    assert set(_RULES) == set(OPERATORS)


def test_an_unknown_operator_is_never_free() -> None:
    report = cost.cost(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96)))
    strange = report.layers[0]._replace(operator="fourier")
    with pytest.raises(UnsupportedOpError, match="'fourier' has no entry in the latency table"):
        works(dataclasses.replace(report, layers=(strange,)))


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
def test_all_macs_of_a_network_are_in_its_works(family: str) -> None:
    report = cost.cost(spec.lower(spec.make(family, alpha=0.35, resolution=96)))
    found = works(report)
    assert sum(work.macs for work in found) == report.macs
    assert {work.kind for work in found} <= set(KINDS)
