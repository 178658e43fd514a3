"""The zoo against torch modules written from the papers: the same operators, joined in the same way.

Both sides prove each other: the graphs here come from torch's export, those of the zoo from a builder.
With the module's weights, our own torch network computes what the module computes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import nn

from tests.importers import torch_networks as networks
from wakeling import cost, nets, zoo
from wakeling.graph import INPUT, Graph
from wakeling.importers.torch_module import read_torch
from wakeling.ops import Add, Mul
from wakeling.report.zoo import row

QUICK: dict[str, Callable[[], nn.Module]] = {
    "resnet-18": lambda: networks.resnet((2, 2, 2, 2), bottleneck=False),
    "shufflenet-v2-x1.0": networks.ShuffleNet,
}
SLOW: dict[str, Callable[[], nn.Module]] = {
    "squeezenet-1.1": networks.squeezenet_1_1,
    "mobilenet-v3-small": networks.mobilenet_v3_small,
    "resnet-34": lambda: networks.resnet((3, 4, 6, 3), bottleneck=False),
    "resnet-50": lambda: networks.resnet((3, 4, 6, 3), bottleneck=True),
    "mobilenet-v2-1.0-224": networks.mobilenet_v2,
    "efficientnet-b0": networks.efficientnet_b0,
    "densenet-121": networks.densenet_121,
    "googlenet": networks.googlenet,
    "inception-v3": networks.inception_v3,
    "mnasnet-1.0": networks.mnasnet,
    "mobilenet-v3-large": networks.mobilenet_v3_large,
}


def structure(graph: Graph) -> tuple[int, Counter[int]]:
    """A number for the output, and how often each number occurs on the way to it.

    A node's number follows from its operator and its inputs' numbers, so two graphs share them only if
    all operators and wires are the same. Names play no role, nor does the order in a sum or a product.
    """
    numbers = {INPUT: 0}
    for node in graph.nodes:
        inputs = [numbers[name] for name in node.inputs]
        ordered = sorted(inputs) if isinstance(node.op, Add | Mul) else inputs
        numbers[node.name] = hash((node.op, node.shape, tuple(ordered)))
    return numbers[graph.output], Counter(numbers.values())


def compare(name: str, module: nn.Module) -> None:
    side = zoo.build(name).input_shape[0]
    image = torch.rand((1, 3, side, side), generator=torch.Generator().manual_seed(1))
    torch.manual_seed(2)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.2, 0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.2, 0.2)
    model = read_torch(module, image)
    read, built = model.graph, zoo.build(name)
    assert structure(read) == structure(built)
    theirs, ours = cost.cost(read, runtimes=()), cost.cost(built, runtimes=())
    assert (theirs.macs, theirs.additions) == (ours.macs, ours.additions)
    assert theirs.trainable_parameters == sum(tensor.numel() for tensor in module.parameters())
    training_only = row(zoo.NETWORKS[name]).training_only_parameters
    assert theirs.trainable_parameters == zoo.NETWORKS[name].published.parameters - training_only
    network = nets.build(read).eval()
    nets.load_weights(network, model.weights)
    with torch.no_grad():
        expected = module.eval()(image)
        torch.testing.assert_close(network(image), expected, rtol=1e-3, atol=1e-4 * float(expected.std()))
        assert float(expected.std()) > 1e-3


@pytest.mark.parametrize("name", QUICK)
def test_the_zoo_is_what_torch_exports(name: str) -> None:
    compare(name, QUICK[name]())


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_the_zoo_is_what_torch_exports_for_the_others(name: str) -> None:
    compare(name, SLOW[name]())


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["alexnet", "inception-resnet-v2", "mobilenet-v1-1.0-224", "mlperf-tiny-person", "squeezenet-1.0"]
)
def test_graphs_without_a_torch_twin_run(name: str) -> None:
    graph = zoo.build(name)
    network = nets.build(graph).eval()
    nets.initialize(network, seed=1)
    height, width, channels = graph.input_shape
    with torch.no_grad():
        logits = network(torch.rand(2, channels, height, width))
    assert logits.shape == (2, 2 if name == "mlperf-tiny-person" else 1000)
    assert bool(torch.isfinite(logits).all())
    assert float((logits[0] - logits[1]).abs().max()) > 0
