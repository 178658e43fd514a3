"""Famous networks as torch modules, written from their papers; nothing here knows the zoo's graphs.

Sizes that the papers leave open (bias, epsilon, padding) are torchvision's.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_norm(source, target, kernel=1, stride=1, groups=1, act=nn.ReLU, eps=1e-5):
    """Convolution without bias, batch norm and, unless None, an activation."""
    layers = [
        nn.Conv2d(source, target, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(target, eps=eps),
    ]
    return nn.Sequential(*layers, *([] if act is None else [act(inplace=True)]))


class Residual(nn.Module):
    """A ResNet block: two 3×3 convolutions, or a 1×1, 3×3, 1×1 bottleneck."""

    def __init__(self, source: int, width: int, stride: int, bottleneck: bool) -> None:
        super().__init__()
        out = 4 * width if bottleneck else width
        if bottleneck:
            self.body = nn.Sequential(
                conv_norm(source, width), conv_norm(width, width, 3, stride), conv_norm(width, out, act=None)
            )
        else:
            self.body = nn.Sequential(conv_norm(source, width, 3, stride), conv_norm(width, out, 3, act=None))
        same = source == out and stride == 1
        self.shortcut = nn.Identity() if same else conv_norm(source, out, 1, stride, act=None)

    def forward(self, x: Tensor) -> Tensor:
        out = self.body(x)
        out += self.shortcut(x)
        return F.relu(out)


def resnet(blocks: tuple[int, ...], bottleneck: bool) -> nn.Module:
    layers: list[nn.Module] = [conv_norm(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        for index in range(count):
            layers.append(Residual(channels, width, 2 if index == 0 and stage > 0 else 1, bottleneck))
            channels = 4 * width if bottleneck else width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


class Fire(nn.Module):
    """Squeeze by 1×1, expand by 1×1 and 3×3."""

    def __init__(self, source: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(source, squeezed, 1)
        self.one = nn.Conv2d(squeezed, expanded, 1)
        self.three = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.one(x)), F.relu(self.three(x))], 1)


def squeezenet_1_1() -> nn.Module:
    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    return nn.Sequential(
        nn.Conv2d(3, 64, 3, 2),
        nn.ReLU(),
        pool(),
        Fire(64, 16, 64),
        Fire(128, 16, 64),
        pool(),
        Fire(128, 32, 128),
        Fire(256, 32, 128),
        pool(),
        Fire(256, 48, 192),
        Fire(384, 48, 192),
        Fire(384, 64, 256),
        Fire(512, 64, 256),
        nn.Dropout(),
        nn.Conv2d(512, 1000, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


def eighths(value: float) -> int:
    """The nearest multiple of 8, and never more than 10 % below."""
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class Excite(nn.Module):
    """Squeeze and excite."""

    def __init__(self, channels: int, squeezed: int, act: type[nn.Module], gate: type[nn.Module]) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            act(),
            nn.Conv2d(squeezed, channels, 1),
            gate(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x)


class Inverted(nn.Module):
    """An inverted residual; `excite` makes the layer between depthwise and projection."""

    def __init__(self, source, expanded, target, kernel, stride, act, excite=None, eps=1e-5) -> None:
        super().__init__()
        expand = [] if expanded == source else [conv_norm(source, expanded, act=act, eps=eps)]
        self.body = nn.Sequential(
            *expand,
            conv_norm(expanded, expanded, kernel, stride, groups=expanded, act=act, eps=eps),
            *([] if excite is None else [excite(expanded)]),
            conv_norm(expanded, target, act=None, eps=eps),
        )
        self.adds = stride == 1 and source == target

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x) if self.adds else self.body(x)


def mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, act=nn.ReLU6)]
    channels = 32
    table = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2))
    for factor, target, count, stride in (*table, (6, 320, 1, 1)):
        for index in range(count):
            step = stride if index == 0 else 1
            layers.append(Inverted(channels, factor * channels, target, 3, step, nn.ReLU6))
            channels = target
    layers += [conv_norm(320, 1280, act=nn.ReLU6), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(1280, 1000))


def mnasnet() -> nn.Module:
    layers: list[nn.Module] = [
        conv_norm(3, 32, 3, 2),
        conv_norm(32, 32, 3, groups=32),
        conv_norm(32, 16, act=None),
    ]
    channels = 16
    table = ((3, 24, 3, 3, 2), (3, 40, 3, 5, 2), (6, 80, 3, 5, 2), (6, 96, 2, 3, 1), (6, 192, 4, 5, 2))
    for factor, target, count, kernel, stride in (*table, (6, 320, 1, 3, 1)):
        for index in range(count):
            step = stride if index == 0 else 1
            layers.append(Inverted(channels, factor * channels, target, kernel, step, nn.ReLU))
            channels = target
    return Averaged(nn.Sequential(*layers, conv_norm(320, 1280)), nn.Linear(1280, 1000))


class Averaged(nn.Module):
    """Features, their means over the image, a classifier."""

    def __init__(self, features: nn.Module, classifier: nn.Module) -> None:
        super().__init__()
        self.features, self.classifier = features, classifier

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean([2, 3]))


def mobilenet_v3_small() -> nn.Module:
    relu, swish = nn.ReLU, nn.Hardswish
    table = (
        (3, 16, 16, True, relu, 2),
        (3, 72, 24, False, relu, 2),
        (3, 88, 24, False, relu, 1),
        (5, 96, 40, True, swish, 2),
        (5, 240, 40, True, swish, 1),
        (5, 240, 40, True, swish, 1),
        (5, 120, 48, True, swish, 1),
        (5, 144, 48, True, swish, 1),
        (5, 288, 96, True, swish, 2),
        (5, 576, 96, True, swish, 1),
        (5, 576, 96, True, swish, 1),
    )
    return mobilenet_v3(table, 96, 1024)


def mobilenet_v3_large() -> nn.Module:
    relu, swish = nn.ReLU, nn.Hardswish
    table = (
        (3, 16, 16, False, relu, 1),
        (3, 64, 24, False, relu, 2),
        (3, 72, 24, False, relu, 1),
        (5, 72, 40, True, relu, 2),
        (5, 120, 40, True, relu, 1),
        (5, 120, 40, True, relu, 1),
        (3, 240, 80, False, swish, 2),
        (3, 200, 80, False, swish, 1),
        (3, 184, 80, False, swish, 1),
        (3, 184, 80, False, swish, 1),
        (3, 480, 112, True, swish, 1),
        (3, 672, 112, True, swish, 1),
        (5, 672, 160, True, swish, 2),
        (5, 960, 160, True, swish, 1),
        (5, 960, 160, True, swish, 1),
    )
    return mobilenet_v3(table, 160, 1280)


def mobilenet_v3(table, last: int, units: int) -> nn.Module:
    """(kernel, expanded, output channels, squeeze and excite, activation, stride) of each block."""
    eps, swish = 1e-3, nn.Hardswish
    layers: list[nn.Module] = [conv_norm(3, 16, 3, 2, act=swish, eps=eps)]
    channels = 16
    for kernel, expanded, target, excited, act, stride in table:

        def excite(width: int) -> nn.Module:
            return Excite(width, eighths(width / 4), nn.ReLU, nn.Hardsigmoid)

        layers.append(
            Inverted(channels, expanded, target, kernel, stride, act, excite if excited else None, eps)
        )
        channels = target
    layers += [conv_norm(last, 6 * last, act=swish, eps=eps), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(
        *layers, nn.Linear(6 * last, units), swish(), nn.Dropout(0.2), nn.Linear(units, 1000)
    )


def efficientnet_b0() -> nn.Module:
    layers: list[nn.Module] = [conv_norm(3, 32, 3, 2, act=nn.SiLU)]
    channels = 32
    table = ((1, 16, 1, 3, 1), (6, 24, 2, 3, 2), (6, 40, 2, 5, 2), (6, 80, 3, 3, 2), (6, 112, 3, 5, 1))
    for factor, target, count, kernel, stride in (*table, (6, 192, 4, 5, 2), (6, 320, 1, 3, 1)):
        for index in range(count):

            def excite(width: int, source: int = channels) -> nn.Module:
                return Excite(width, source // 4, nn.SiLU, nn.Sigmoid)

            step = stride if index == 0 else 1
            layers.append(Inverted(channels, factor * channels, target, kernel, step, nn.SiLU, excite))
            channels = target
    layers += [conv_norm(320, 1280, act=nn.SiLU), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(1280, 1000))


class Shuffle(nn.Module):
    """A ShuffleNetV2 unit; at stride 2 both branches are convolved."""

    def __init__(self, source: int, target: int, stride: int) -> None:
        super().__init__()
        half = target // 2
        self.stride = stride
        self.left = nn.Sequential(
            conv_norm(source, source, 3, 2, groups=source, act=None), conv_norm(source, half)
        )
        inside = source if stride == 2 else half
        self.right = nn.Sequential(
            conv_norm(inside, half),
            conv_norm(half, half, 3, stride, groups=half, act=None),
            conv_norm(half, half),
        )
        if stride == 1:
            del self.left

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 1:
            kept, changed = x.chunk(2, dim=1)
            out = torch.cat((kept, self.right(changed)), dim=1)
        else:
            out = torch.cat((self.left(x), self.right(x)), dim=1)
        batch, channels, height, width = out.size()
        out = out.view(batch, 2, channels // 2, height, width).transpose(1, 2).contiguous()
        return out.view(batch, channels, height, width)


class ShuffleNet(nn.Module):
    """ShuffleNetV2 x1.0."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [conv_norm(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1)]
        channels = 24
        for target, count in ((116, 4), (232, 8), (464, 4)):
            for index in range(count):
                layers.append(Shuffle(channels, target, 2 if index == 0 else 1))
                channels = target
        self.features = nn.Sequential(*layers, conv_norm(464, 1024))
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mean([2, 3]))


class DenseLayer(nn.Module):
    """New channels from all features so far."""

    def __init__(self, source: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(source),
            nn.ReLU(),
            nn.Conv2d(source, 128, 1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.Conv2d(128, 32, 3, padding=1, bias=False),
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        return self.body(torch.cat(features, 1))


class DenseBlock(nn.Module):
    """Dense layers, all outputs side by side."""

    def __init__(self, source: int, count: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DenseLayer(source + 32 * index) for index in range(count))

    def forward(self, x: Tensor) -> Tensor:
        features = [x]
        for layer in self.layers:
            features.append(layer(features))
        return torch.cat(features, 1)


def densenet_121() -> nn.Module:
    layers: list[nn.Module] = [conv_norm(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for block, count in enumerate((6, 12, 24, 16)):
        layers.append(DenseBlock(channels, count))
        channels += 32 * count
        if block < 3:
            layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels // 2, 1, bias=False)]
            layers.append(nn.AvgPool2d(2))
            channels //= 2
    layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(channels, 1000))


def inception_conv(source: int, target: int, kernel=1, stride: int = 1, padding=0) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(source, target, kernel, stride, padding, bias=False),
        nn.BatchNorm2d(target, eps=1e-3),
        nn.ReLU(),
    )


class Inception(nn.Module):
    """A GoogLeNet module with batch norm and 3×3 for 5×5."""

    def __init__(self, source: int, one, reduce3, three, reduce5, five, pooled) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            [
                inception_conv(source, one),
                nn.Sequential(inception_conv(source, reduce3), inception_conv(reduce3, three, 3, 1, 1)),
                nn.Sequential(inception_conv(source, reduce5), inception_conv(reduce5, five, 3, 1, 1)),
                nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), inception_conv(source, pooled)),
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet() -> nn.Module:
    def pool(size: int = 3) -> nn.Module:
        return nn.MaxPool2d(size, 2, ceil_mode=True)

    return nn.Sequential(
        inception_conv(3, 64, 7, 2, 3),
        pool(),
        inception_conv(64, 64),
        inception_conv(64, 192, 3, 1, 1),
        pool(),
        Inception(192, 64, 96, 128, 16, 32, 32),
        Inception(256, 128, 128, 192, 32, 96, 64),
        pool(),
        Inception(480, 192, 96, 208, 16, 48, 64),
        Inception(512, 160, 112, 224, 24, 64, 64),
        Inception(512, 128, 128, 256, 24, 64, 64),
        Inception(512, 112, 144, 288, 32, 64, 64),
        Inception(528, 256, 160, 320, 32, 128, 128),
        pool(2),
        Inception(832, 256, 160, 320, 32, 128, 128),
        Inception(832, 384, 192, 384, 48, 128, 128),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(1024, 1000),
    )


class Side(nn.Module):
    """Branches on one image, their outputs one behind the other."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


def chain(source: int, *steps) -> nn.Module:
    """Convolutions (filters, kernel[, stride]) in a row; those of stride 1 keep the size."""
    layers = []
    for filters, kernel, *stride in steps:
        sides = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        around = (0, 0) if stride else (sides[0] // 2, sides[1] // 2)
        layers.append(inception_conv(source, filters, kernel, stride[0] if stride else 1, around))
        source = filters
    return nn.Sequential(*layers)


def averaged(source: int, filters: int) -> nn.Module:
    return nn.Sequential(nn.AvgPool2d(3, 1, 1), inception_conv(source, filters))


def inception_v3() -> nn.Module:
    row, column = (1, 7), (7, 1)

    def block_35(source: int, pooled: int) -> nn.Module:
        return Side(
            chain(source, (64, 1)),
            chain(source, (48, 1), (64, 5)),
            chain(source, (64, 1), (96, 3), (96, 3)),
            averaged(source, pooled),
        )

    def block_17(n: int) -> nn.Module:
        return Side(
            chain(768, (192, 1)),
            chain(768, (n, 1), (n, row), (192, column)),
            chain(768, (n, 1), (n, column), (n, row), (n, column), (192, row)),
            averaged(768, 192),
        )

    def block_8(source: int) -> nn.Module:
        def split(width: int) -> nn.Module:
            return Side(chain(width, (384, (1, 3))), chain(width, (384, (3, 1))))

        return Side(
            chain(source, (320, 1)),
            nn.Sequential(chain(source, (384, 1)), split(384)),
            nn.Sequential(chain(source, (448, 1), (384, 3)), split(384)),
            averaged(source, 192),
        )

    return nn.Sequential(
        chain(3, (32, 3, 2), (32, 3, 1), (64, 3)),
        nn.MaxPool2d(3, 2),
        chain(64, (80, 1), (192, 3, 1)),
        nn.MaxPool2d(3, 2),
        block_35(192, 32),
        block_35(256, 64),
        block_35(288, 64),
        Side(chain(288, (384, 3, 2)), chain(288, (64, 1), (96, 3), (96, 3, 2)), nn.MaxPool2d(3, 2)),
        block_17(128),
        block_17(160),
        block_17(160),
        block_17(192),
        Side(
            chain(768, (192, 1), (320, 3, 2)),
            chain(768, (192, 1), (192, row), (192, column), (192, 3, 2)),
            nn.MaxPool2d(3, 2),
        ),
        block_8(1280),
        block_8(2048),
        nn.AdaptiveAvgPool2d(1),
        nn.Dropout(),
        nn.Flatten(),
        nn.Linear(2048, 1000),
    )
