"""Inverted residual with linear bottleneck (Sandler et al. 2018, arXiv:1801.04381, table 1)."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.graph import GraphBuilder
from wakeling.ops import ActivationKind
from wakeling.spec.blocks.block import ACTIVATIONS, KERNELS, STRIDES, Block, with_skip
from wakeling.spec.checks import MAX_CHANNELS, one_of, switch, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class InvertedResidual(Block):
    """1×1 expansion, K×K depthwise with the stride, linear 1×1 projection to `filters`.

    `expansion` multiplies the input channels; 1 leaves the expansion out. Input and output are
    added where both have one shape, unless `skip` is false.
    """

    filters: int
    kernel: int = 3
    stride: int = 1
    expansion: int = 6
    activation: ActivationKind = "relu6"
    skip: bool = True

    def __post_init__(self) -> None:
        whole("filters", self.filters, 1, MAX_CHANNELS)
        one_of("kernel", self.kernel, KERNELS)
        one_of("stride", self.stride, STRIDES)
        whole("expansion", self.expansion, 1, 32)
        one_of("activation", self.activation, ACTIVATIONS)
        switch("skip", self.skip)

    def lower(self, builder: GraphBuilder, tensor: str, name: str) -> str:
        """Up to four operators: `NAME_expand`, `NAME_depthwise`, `NAME_project`, `NAME_add`."""
        source, channels = tensor, builder.shape(tensor)[-1]
        if self.expansion > 1:
            tensor = builder.conv_bn(
                tensor,
                filters=channels * self.expansion,
                kernel=1,
                activation=self.activation,
                name=f"{name}_expand",
            )
        tensor = builder.depthwise_bn(
            tensor,
            kernel=self.kernel,
            stride=self.stride,
            activation=self.activation,
            name=f"{name}_depthwise",
        )
        tensor = builder.conv_bn(
            tensor, filters=self.filters, kernel=1, activation="linear", name=f"{name}_project"
        )
        return with_skip(builder, source, tensor, name) if self.skip and self.stride == 1 else tensor
