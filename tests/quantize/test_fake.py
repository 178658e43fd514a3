from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.quantize.networks import lively_weights
from tests.train.pictures import pictures, tiny_graph
from wakeling.nets.axes import to_torch_order
from wakeling.nets.layers import Convolution, Linear
from wakeling.ops import Conv2D, Dense
from wakeling.quantize import golden
from wakeling.quantize.convert import convert
from wakeling.quantize.fake import FakeQuantized, fake_bias, fake_weight
from wakeling.quantize.fold import fold
from wakeling.quantize.model import QuantizedModel, TensorQuant
from wakeling.quantize.observe import observe
from wakeling.testing.random_models import random_graph
from wakeling.train.augment import to_real

CPU = torch.device("cpu")


def both(fused, weights, images) -> tuple[FakeQuantized, QuantizedModel]:
    """The fake-quantized network and the integers that it stands for."""
    ranges = observe(fused, weights, images)
    classes = fused.shapes[fused.output][-1]
    labels = tuple(f"label{index}" for index in range(classes))
    return FakeQuantized(fused, weights, ranges).eval(), convert(fused, weights, ranges, labels=labels)


def reals(integers: np.ndarray, quant: TensorQuant | None) -> torch.Tensor:
    """What integers stand for, in torch's axis order; floats as they are."""
    if quant is None:
        return to_torch_order(torch.from_numpy(integers))
    return to_torch_order(torch.from_numpy(quant.scale * (integers.astype(np.float32) - quant.zero_point)))


def inputs_of(model: QuantizedModel, images: np.ndarray) -> np.ndarray:
    """Images as the model's input takes them; a float32 one takes the reals that it was trained on."""
    if model.graph.input_type == "float32":
        return to_real(images, CPU).permute(0, 2, 3, 1).contiguous().numpy()
    return golden.to_input(model, images)


@pytest.mark.parametrize("seed", range(30))
def test_every_operator_rounds_as_the_integers_do(seed):
    # given the golden interpreter's inputs, each operator must end on its outputs, save for
    # the ties that fixed-point rounding decides otherwise
    fused = random_graph(seed)
    random = np.random.default_rng(seed)
    images = random.integers(0, 256, (16, *fused.input_shape), np.uint8)
    fake, model = both(fused, lively_weights(fused, seed), images)
    integers = golden.run_all(model, inputs_of(model, images))
    for node, layer in zip(fake.network.nodes, fake.network.layers, strict=True):
        inputs = tuple(reals(integers[name], model.tensors.get(name)) for name in node.inputs)
        if node.name not in model.tensors:
            continue  # dequantized: nothing is rounded
        with torch.no_grad():
            made = fake._compute(node, layer, inputs)
        quant = model.tensors[node.name]
        steps = (made - reals(integers[node.name], quant)).abs().numpy() / quant.scale
        assert steps.max() < 1.01, node
        assert (steps > 0.5).sum() <= max(6, 0.03 * steps.size), node


@pytest.mark.parametrize("seed", range(6))
def test_fake_quantized_logits_are_those_of_the_integers(seed):
    graph = tiny_graph(channels=1 + 2 * (seed % 2))
    fused, weights = fold(graph, lively_weights(graph, seed))
    images = pictures(40, seed=seed, channels=graph.input_shape[2]).images
    fake, model = both(fused, weights, images)
    integers = golden.run_all(model, golden.to_int8(images))
    with torch.no_grad():
        logits = fake(to_real(images, CPU))
    quant = model.tensors["head_dense"]
    steps = (logits - reals(integers["head_dense"], quant)).abs().numpy() / quant.scale
    # one step of the pooled tensor, whose scale is that of the convolution, is several logit steps
    assert steps.max() < 8
    assert steps.mean() < 0.8


def test_the_gradient_passes_the_rounding_and_stops_at_the_clipping():
    fused, weights = fold(tiny_graph(), lively_weights(tiny_graph(), 0))
    ranges = observe(fused, weights, pictures(8).images)
    narrow = {**ranges, "head_dense": (-1e-9, 1e-9)}
    x = to_real(pictures(8).images, CPU)
    for given, expected in ((ranges, True), (narrow, False)):
        fake = FakeQuantized(fused, weights, given)
        fake(x).square().sum().backward()
        gradient = fake.network.layers[0].weight.grad
        assert bool(gradient.abs().max() > 0) is expected


def test_rounded_weights_lie_on_the_grid_of_their_channel():
    layer = Convolution(Conv2D(filters=3, kernel=(3, 3)), (4, 4, 2), filters=3, groups=1)
    layer.weight.data = torch.randn(layer.weight.shape, generator=torch.Generator().manual_seed(0))
    rounded, scales = fake_weight(layer)
    steps = (rounded / scales.view(-1, 1, 1, 1)).detach()
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert steps.abs().amax(dim=(1, 2, 3)).round().tolist() == [127, 127, 127]
    dense = Linear(Dense(units=2), (5,))
    dense.weight.data = torch.randn(dense.weight.shape, generator=torch.Generator().manual_seed(0))
    rounded, scales = fake_weight(dense)
    assert scales.shape == (1,)
    assert float((rounded / scales).abs().max().detach()) == pytest.approx(127)
    bias = torch.tensor([0.26, -0.26], requires_grad=True)
    made = fake_bias(bias, torch.tensor([0.1, 0.5]))
    assert made.tolist() == pytest.approx([0.3, -0.5])
    made.sum().backward()
    assert bias.grad is not None
    assert bias.grad.tolist() == [1, 1]


def test_ranges_follow_the_batches_only_while_observing():
    fused, weights = fold(tiny_graph(), lively_weights(tiny_graph(), 0))
    ranges = observe(fused, weights, pictures(8).images)
    fake = FakeQuantized(fused, weights, ranges)
    x = to_real(pictures(8, seed=3).images, CPU) * 0.5
    start = fake.ranges()
    assert {name: pytest.approx(pair) for name, pair in start.items()} == {n: ranges[n] for n in start}
    fake.train()(x)
    fake.observing = True
    fake.eval()(x)
    assert fake.ranges() == start
    fake.train()(x)
    assert fake.ranges() != start
