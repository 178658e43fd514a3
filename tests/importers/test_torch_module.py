"""Reading torch modules: the graph computes what the module computes, and costs what it must."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.importers.evaluate import evaluate
from wakeling import cost
from wakeling.errors import GraphError, UnsupportedModelError
from wakeling.graph import Graph, weight_shapes
from wakeling.importers.torch_module import from_torch, read_torch
from wakeling.ops import (
    AveragePool2D,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    MaxPool2D,
    Pad,
    Reshape,
    StridedSlice,
    Transpose,
)


def filled(module: nn.Module) -> nn.Module:
    """The module with random parameters and statistics, none of them special."""
    generator = torch.Generator().manual_seed(5)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            with torch.no_grad():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.9 + 0.1)
    for name, tensor in module.named_parameters():
        if "weight" in name and tensor.dim() > 1:
            with torch.no_grad():
                tensor.copy_(torch.randn(tensor.shape, generator=generator) / tensor[0].numel() ** 0.5)
    return module


def check(module: nn.Module, shape: tuple[int, ...]) -> Graph:
    """Reads the module and compares its output with the graph's on one random input."""
    filled(module)
    read = read_torch(module, torch.zeros(shape))
    assert set(weight_shapes(read.graph)) == set(read.weights)
    assert all(read.weights[key].shape == size for key, size in weight_shapes(read.graph).items())
    x = torch.randn(shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)
    with torch.no_grad():
        expected = module.double().eval()(x)[0]
    module.float()
    held = x[0].permute(1, 2, 0) if x.dim() == 4 else x[0]
    made = torch.from_numpy(evaluate(read.graph, read.weights, held.numpy()))
    if expected.dim() == 3:
        made = made.permute(2, 0, 1)
    torch.testing.assert_close(made, expected, rtol=1e-5, atol=1e-6)
    return read.graph


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 4, 3, padding=1),
        nn.Conv2d(6, 4, 3, stride=2, padding=1, bias=False),
        nn.Conv2d(6, 4, (1, 5), padding=(0, 2)),
        nn.Conv2d(6, 4, 2, padding="same"),
        nn.Conv2d(6, 4, 3, padding="valid", dilation=2),
        nn.Conv2d(6, 4, 3, padding=2, dilation=2),
        nn.Conv2d(6, 9, 3, groups=3),
        nn.Conv2d(6, 6, 3, padding=1, groups=6),
        nn.Conv2d(6, 12, 5, stride=2, padding=2, groups=6),
        nn.Conv2d(6, 4, 3, stride=2, padding=1, dilation=2),
    ],
    ids=str,
)
def test_convolutions(layer: nn.Conv2d) -> None:
    size = 9 if layer.dilation == (2, 2) else 8
    graph = check(layer, (1, 6, size, size))
    report = cost.cost(graph)
    image = torch.zeros(1, 6, size, size)
    assert report.macs == layer.weight.numel() * layer(image)[0, 0].numel()
    assert report.trainable_parameters == sum(tensor.numel() for tensor in layer.parameters())
    op = next(node.op for node in graph.nodes if isinstance(node.op, Conv2D | DepthwiseConv2D))
    assert isinstance(op, DepthwiseConv2D) == (layer.groups == 6)


POOLS = [
    nn.MaxPool2d(2),
    nn.MaxPool2d(3, 2),
    nn.MaxPool2d(3, 2, ceil_mode=True),
    nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    nn.MaxPool2d(3, 1, 1),
    nn.MaxPool2d((3, 5), (2, 1), (1, 2)),
    nn.AvgPool2d(3, 1, 1),
    nn.AvgPool2d(3, 2, 1),
    nn.AvgPool2d(2, ceil_mode=True),
    nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    nn.AdaptiveAvgPool2d(1),
    nn.AdaptiveMaxPool2d(1),
]


class Pools(nn.Module):
    """Every pool on the same rectified image, outputs one behind the other."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x)
        return torch.cat([pool(x).flatten(1) for pool in POOLS], 1)


@pytest.mark.parametrize("size", [7, 8, 10, 11])
def test_pools(size: int) -> None:
    assert cost.cost(check(Pools(), (1, 3, size, size))).macs == 0


def test_a_padded_max_pool_of_negative_values_keeps_every_second_of_all_windows() -> None:
    graph = check(nn.Sequential(nn.Tanh(), nn.MaxPool2d(3, 2, 1)), (1, 3, 8, 8))
    assert [type(node.op) for node in graph.nodes][1:] == [MaxPool2D, StridedSlice]
    graph = check(nn.Sequential(nn.ReLU(), nn.MaxPool2d(3, 2, 1)), (1, 3, 8, 8))
    assert [type(node.op) for node in graph.nodes][1:] == [Pad, MaxPool2D]


def test_adaptive_pools_of_whole_windows_are_pools_and_of_one_pixel_nothing() -> None:
    graph = check(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d((4, 2))), (1, 3, 8, 8))
    assert graph.nodes[-1].op == AveragePool2D(pool=(2, 4), stride=(2, 4))
    graph = check(nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(8)), (1, 3, 8, 8))
    assert len(graph.nodes) == 1


FUNCTIONS = [
    F.relu,
    F.relu6,
    F.hardswish,
    F.hardsigmoid,
    F.silu,
    torch.sigmoid,
    torch.tanh,
    lambda x: F.hardtanh(x, 0, 6),
    lambda x: x.clamp(0, 6),
    lambda x: x.clamp(min=0),
    lambda x: (
        (x - torch.tensor([0.5, 0.4, 0.3]).reshape(3, 1, 1)) / torch.tensor([2.0, 3.0, 4.0])[:, None, None]
    ),
    lambda x: 1 - x,
    lambda x: x * 0.5 + 1,
    lambda x: x + x * x - x.tanh(),
    lambda x: x * x.mean((2, 3), keepdim=True),
    lambda x: x * x.mean(1, keepdim=True).sigmoid(),
    lambda x: x.mean((2, 3)),
    lambda x: x.mean(2),
    lambda x: x.mean(-1, keepdim=True),
    lambda x: F.pad(x, (1, 2, 3, 0)),
    lambda x: F.pad(x, (0, 0, 0, 0, 1, 2)),
    lambda x: torch.cat(x.chunk(2, 2)[::-1], 2),
    lambda x: x[:, ::2, 1:-1],
    lambda x: torch.cat([x[:, 1:], x.split([1, 2], 1)[0]], 1),
    lambda x: x[:, 0],
    lambda x: x.narrow(3, 2, 3),
    lambda x: x.permute(0, 2, 3, 1).relu(),
    lambda x: x.transpose(1, 3) * 2,
    lambda x: F.softmax(x, 1),
    lambda x: F.softmax(x.flatten(1), 1),
    lambda x: x.flatten(2).transpose(1, 2),
    lambda x: x.unsqueeze(1).squeeze(1) + 1,
    lambda x: x.reshape(1, 2, -1).tanh(),
    lambda x: x.view(1, 4, 27) + 1,
    lambda x: F.channel_shuffle(torch.cat([x, x + 1], 1), 2),
    lambda x: F.dropout(x, training=False) + 1,
]


def test_functions() -> None:
    """All in one export, their outputs one behind the other, so that this takes one second and not ten."""

    def together(x: Tensor) -> Tensor:
        return torch.cat([function(x).flatten(1) for function in FUNCTIONS], 1)

    read = read_torch(Function(together), torch.zeros(1, 3, 6, 6))
    x = torch.randn((1, 3, 6, 6), generator=torch.Generator().manual_seed(3))
    made = torch.from_numpy(evaluate(read.graph, read.weights, x[0].permute(1, 2, 0).numpy()))
    parts = made.split([function(x).numel() for function in FUNCTIONS])
    for number, (function, part) in enumerate(zip(FUNCTIONS, parts, strict=True)):
        expected = function(x.double()).flatten()
        assert torch.allclose(part, expected, rtol=1e-5, atol=1e-6), f"function {number}"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.permute(0, 2, 3, 1).relu(),
        lambda x: x.flatten(2).transpose(1, 2),
        lambda x: x.view(1, 4, 27) + 1,
        lambda x: x.view(1, 2, 6, 9)[:, :, 1:],
    ],
    ids=range(4),
)
def test_outputs_of_any_number_of_axes(function) -> None:
    read = read_torch(Function(function), torch.zeros(1, 3, 6, 6))
    x = torch.randn((1, 3, 6, 6), generator=torch.Generator().manual_seed(3))
    made = torch.from_numpy(evaluate(read.graph, read.weights, x[0].permute(1, 2, 0).numpy()))
    expected = function(x.double())[0]
    torch.testing.assert_close(made.permute(2, 0, 1) if made.dim() == 3 else made, expected)


def test_a_flattened_image_keeps_its_features_in_order_without_moving_them() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4 * 4, 5))
    graph = check(module, (1, 3, 6, 6))
    assert [type(node.op) for node in graph.nodes][2:] == [Reshape, Dense]
    assert not any(isinstance(node.op, Transpose) for node in graph.nodes)


def test_vectors_and_batch_norms_behind_dense_layers() -> None:
    check(nn.Sequential(nn.Linear(7, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 2, bias=False)), (1, 7))
    check(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 2)), (1, 3, 6, 6))
    check(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False)), (1, 3, 6, 6))


class Products(nn.Module):
    """Dense layers written as matrix products."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.zeros(6, 5))
        self.second = nn.Parameter(torch.zeros(5, 4))
        self.offset = nn.Parameter(torch.zeros(4))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.offset, torch.mm(x, self.first) @ (2 * self.second), self.second[1:])


def test_matrix_products_with_known_factors_are_dense_layers() -> None:
    graph = check(Products(), (1, 6))
    assert [type(node.op) for node in graph.nodes] == [Dense, Dense, Dense]


def test_the_callers_module_is_not_changed() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout())
    module.train()
    module[0].eval()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    graph = from_torch(module, torch.zeros(5, 3, 8, 8), "mine")
    assert (module.training, module[0].training, module[1].training) == (True, False, True)
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())
    assert graph.name == "mine"
    assert [node.name for node in graph.nodes] == ["0", "1"]


def test_unknown_operators_are_named_together_with_their_counts() -> None:
    module = nn.Sequential(
        nn.ReLU(), nn.Hardtanh(-2, 2), nn.GELU(), nn.LeakyReLU(), nn.AdaptiveAvgPool2d(3), nn.GELU()
    )
    with pytest.raises(UnsupportedModelError) as caught:
        from_torch(module, torch.zeros(1, 3, 8, 8), "odd")
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith("odd has operators that are not read: ")
    for part in ("2 × gelu", "1 × leaky_relu", "1 × hardtanh to the bounds -2 and 2"):
        assert part in text
    assert caught.value.operators.keys() >= {"gelu", "leaky_relu"}


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: x @ x.transpose(2, 3), "matmul of two computed tensors"),
        (lambda x: x.flatten(0), "view to"),
        (lambda x: x.mean(0, keepdim=True), "mean along the batch axis"),
        (lambda x: 1 / x, "not read"),
        (lambda x: x.mean(), "not read"),
        (lambda x: torch.cat([x, x], 0), "along the batch axis"),
        (lambda x: F.softmax(x, 2), "softmax along another axis than the channels"),
        (lambda x: F.pad(x, (1, 1), value=2.0), "pad with another value than zero"),
        (lambda x: F.pad(x, (1, 1, 1, 1), mode="reflect"), "not read"),
        (lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), "with margins that do not count"),
        (lambda x: F.conv_transpose2d(x, torch.ones(3, 2, 2, 2)), "conv_transpose2d"),
    ],
    ids=range(11),
)
def test_what_cannot_be_said_is_refused(function, why: str) -> None:
    with pytest.raises(UnsupportedModelError, match=why):
        from_torch(Function(function), torch.zeros(1, 3, 8, 8))


def test_mistakes_are_one_line() -> None:
    cases = [
        (nn.Conv2d(3, 4, 3), torch.zeros(3, 8, 8), r"example_input must be a tensor \(batch, channels"),
        (nn.Conv2d(3, 4, 3), "image", "given str"),
        (nn.Conv2d(3, 4, 3), torch.zeros(0, 3, 8, 8), "is empty"),
        (nn.Conv2d(3, 4, 3), torch.zeros(1, 2, 8, 8), "torch cannot export Conv2d: "),
        (Function(lambda x: (x, x + 1)), torch.zeros(1, 3, 8, 8), "returns 2 things"),
        (Function(lambda x: x if x.sum() > 0 else -x), torch.zeros(1, 3, 8, 8), "cannot export Function"),
        (F.relu, torch.zeros(1, 3, 8, 8), "takes a torch module; given "),
    ]
    for module, example, why in cases:
        with pytest.raises(GraphError, match=why) as caught:
            from_torch(module, example)  # type: ignore[arg-type]  # that is the mistake
        assert "\n" not in str(caught.value)


def test_random_networks_compute_the_same_and_cost_their_closed_form() -> None:
    """Chains of convolutions at random: outputs equal, MACs and parameters from torch's own shapes."""
    random = np.random.default_rng(1)
    for _ in range(4):
        layers: list[nn.Module] = []
        channels, size, macs = 3, int(random.integers(9, 14)), 0
        start = size
        for _ in range(int(random.integers(2, 5))):
            kernel, stride = int(random.integers(1, 4)), int(random.integers(1, 3))
            margin, target = int(random.integers(0, kernel)), int(random.integers(1, 6))
            groups = int(random.choice([g for g in range(1, 7) if channels % g == target % g == 0]))
            bias = bool(random.integers(2))
            layers.append(nn.Conv2d(channels, target, kernel, stride, margin, groups=groups, bias=bias))
            size = (size + 2 * margin - kernel) // stride + 1
            macs += kernel * kernel * channels // groups * target * size * size
            layers += [nn.BatchNorm2d(target), nn.ReLU6()]
            channels = target
        module = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * size * size, 3))
        report = cost.cost(check(module, (1, 3, start, start)))
        assert report.macs == macs + channels * size * size * 3
        assert report.trainable_parameters == sum(tensor.numel() for tensor in module.parameters())
