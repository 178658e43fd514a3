"""MobileNetV1, MobileNetV2 and ResNet-50 as torch modules, for profilers that read nothing else.

Written from the papers (Howard et al. 2017, Sandler et al. 2018, He et al. 2015); padding is torch's
symmetric one, which changes no count.
"""

from __future__ import annotations

from torch import Tensor, nn


def conv(
    channels: int,
    filters: int,
    kernel: int,
    stride: int = 1,
    groups: int = 1,
    kind: type[nn.Module] = nn.ReLU6,
) -> nn.Sequential:
    """Convolution without bias, batch norm, activation."""
    layers = [
        nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(filters),
    ]
    return nn.Sequential(*layers, kind())


class Head(nn.Module):
    """Global average pooling and a dense layer."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of a batch."""
        return self.dense(x.mean(dim=(2, 3)))


def mobilenet_v1(alpha: float, classes: int) -> nn.Module:
    """Table 1 of the paper."""
    plan = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]
    channels = int(32 * alpha)
    layers: list[nn.Module] = [conv(3, channels, 3, 2)]
    for width, stride in plan:
        layers.append(conv(channels, channels, 3, stride, groups=channels))
        layers.append(conv(channels, int(width * alpha), 1))
        channels = int(width * alpha)
    return nn.Sequential(*layers, Head(channels, classes))


class Inverted(nn.Module):
    """MobileNetV2's inverted residual."""

    def __init__(self, channels: int, filters: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        expand = [conv(channels, wide, 1)] if expansion > 1 else []
        self.body = nn.Sequential(
            *expand, conv(wide, wide, 3, stride, groups=wide), conv(wide, filters, 1, kind=nn.Identity)
        )
        self.residual = stride == 1 and channels == filters

    def forward(self, x: Tensor) -> Tensor:
        """The block on a batch."""
        made: Tensor = self.body(x)
        return x + made if self.residual else made


def mobilenet_v2(classes: int) -> nn.Module:
    """Table 2 of the paper, width 1."""
    plan = [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]
    layers: list[nn.Module] = [conv(3, 32, 3, 2)]
    channels = 32
    for expansion, filters, repeats, stride in plan:
        for index in range(repeats):
            layers.append(Inverted(channels, filters, stride if index == 0 else 1, expansion))
            channels = filters
    return nn.Sequential(*layers, conv(channels, 1280, 1), Head(1280, classes))


class Bottleneck(nn.Module):
    """ResNet's bottleneck, the stride on its 3×3 convolution."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            conv(channels, width, 1, kind=nn.ReLU),
            conv(width, width, 3, stride, kind=nn.ReLU),
            conv(width, 4 * width, 1, kind=nn.Identity),
        )
        same = stride == 1 and channels == 4 * width
        self.shortcut = nn.Identity() if same else conv(channels, 4 * width, 1, stride, kind=nn.Identity)
        self.activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """The block on a batch."""
        made: Tensor = self.activation(self.body(x) + self.shortcut(x))
        return made


def resnet_50(classes: int) -> nn.Module:
    """Table 1 of the paper, 50 layers."""
    layers: list[nn.Module] = [conv(3, 64, 7, 2, kind=nn.ReLU), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, repeats, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for index in range(repeats):
            layers.append(Bottleneck(channels, width, stride if index == 0 else 1))
            channels = 4 * width
    return nn.Sequential(*layers, Head(channels, classes))
