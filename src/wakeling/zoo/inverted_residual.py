"""The block that MobileNetV2, MobileNetV3, MNASNet and EfficientNet are made of."""

from __future__ import annotations

from dataclasses import dataclass

from wakeling.graph import GraphBuilder
from wakeling.ops import PointwiseKind
from wakeling.zoo.layers import TORCH_EPSILON, add, conv, depthwise, squeeze_excite


@dataclass(frozen=True, slots=True, kw_only=True)
class SqueezeExcite:
    """Channels that the means are squeezed to, and the non-linearities of the two convolutions."""

    channels: int
    activation: PointwiseKind
    gate: PointwiseKind


def inverted_residual(
    builder: GraphBuilder,
    source: str,
    *,
    expanded: int,
    filters: int,
    kernel: int = 3,
    stride: int = 1,
    activation: PointwiseKind,
    squeeze: SqueezeExcite | None = None,
    norm: float = TORCH_EPSILON,
    name: str,
) -> str:
    """1×1 to `expanded` channels, K×K depthwise, squeeze and excite, linear 1×1 to `filters`.

    No expansion where it changes nothing; input and output are added where their shapes agree
    (Sandler et al. 2018, arXiv:1801.04381, figure 4).
    """
    channels = builder.shape(source)[2]
    x = source
    if expanded != channels:
        x = conv(builder, x, expanded, 1, activation=activation, norm=norm, name=f"{name}_expand")
    x = depthwise(
        builder, x, kernel, stride=stride, activation=activation, norm=norm, name=f"{name}_depthwise"
    )
    if squeeze is not None:
        x = squeeze_excite(
            builder, x, squeeze.channels, activation=squeeze.activation, gate=squeeze.gate, name=f"{name}_se"
        )
    x = conv(builder, x, filters, 1, norm=norm, name=f"{name}_project")
    if stride == 1 and channels == filters:
        x = add(builder, source, x, name=f"{name}_add")
    return x
