"""Depthwise-separable convolution (Howard et al. 2017, arXiv:1704.04861, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.graph import GraphBuilder
from wakeling.ops import ActivationKind
from wakeling.spec.blocks.block import ACTIVATIONS, KERNELS, STRIDES, Block, with_skip
from wakeling.spec.checks import MAX_CHANNELS, one_of, switch, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthwiseSeparable(Block):
    """K×K depthwise convolution that carries the stride, then 1×1 to `filters` channels.

    Batch norm and activation follow both (figure 3 of the paper). With `skip`, input and output are
    added where both have one shape (not in the paper).
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    activation: ActivationKind = "relu6"
    skip: bool = False

    def __post_init__(self) -> None:
        whole("filters", self.filters, 1, MAX_CHANNELS)
        one_of("kernel", self.kernel, KERNELS)
        one_of("stride", self.stride, STRIDES)
        one_of("activation", self.activation, ACTIVATIONS)
        switch("skip", self.skip)

    def lower(self, builder: GraphBuilder, tensor: str, name: str) -> str:
        """`NAME_depthwise` and `NAME_pointwise`, and `NAME_add` where there is a skip."""
        middle = builder.depthwise_bn(
            tensor,
            kernel=self.kernel,
            stride=self.stride,
            activation=self.activation,
            name=f"{name}_depthwise",
        )
        made = builder.conv_bn(
            middle,
            filters=self.filters,
            kernel=1,
            activation=self.activation,
            name=f"{name}_pointwise",
        )
        return with_skip(builder, tensor, made, name) if self.skip and self.stride == 1 else made
