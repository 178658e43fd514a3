"""Standard convolution with batch norm and activation; with kernel 1 it is a pointwise one."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.graph import GraphBuilder
from wakeling.ops import ActivationKind
from wakeling.spec.blocks.block import ACTIVATIONS, KERNELS, STRIDES, Block, with_skip
from wakeling.spec.checks import MAX_CHANNELS, one_of, switch, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardConv(Block):
    """K×K convolution to `filters` channels, batch norm, activation; SAME padding.

    With `skip`, input and output are added where both have one shape.
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
        """One convolution, `NAME_conv`, and `NAME_add` where there is a skip."""
        made = builder.conv_bn(
            tensor,
            filters=self.filters,
            kernel=self.kernel,
            stride=self.stride,
            activation=self.activation,
            name=f"{name}_conv",
        )
        return with_skip(builder, tensor, made, name) if self.skip and self.stride == 1 else made
