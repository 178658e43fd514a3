"""The zoo's graphs against published counts, layer tables of the papers, and closed forms."""

from __future__ import annotations

import csv
import math
import time
from pathlib import Path

import pytest

from wakeling import cost, zoo
from wakeling.errors import SpecError
from wakeling.fuse import fuse
from wakeling.graph import Graph, from_json, to_json
from wakeling.ops import Concat, Conv2D, Dense, DepthwiseConv2D, Pad
from wakeling.report.zoo import remarks, row
from wakeling.zoo.layers import conv, max_pool_ceil

SHARED = Path(__file__).parents[2].parent / "shared" / "reference"
NAMES = tuple(zoo.NETWORKS)


def outputs(graph: Graph) -> list[tuple[int, ...]]:
    """The shapes that the graph goes through, repetitions left out."""
    shapes = [node.shape for node in graph.nodes]
    return [shape for index, shape in enumerate(shapes) if index == 0 or shapes[index - 1] != shape]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_equal_the_published_integer(name: str) -> None:
    entry = zoo.NETWORKS[name]
    assert row(entry).parameters == entry.published.parameters


@pytest.mark.parametrize("name", [name for name in NAMES if zoo.NETWORKS[name].published.gmacs])
def test_macs_equal_the_published_rounding(name: str) -> None:
    counted = row(zoo.NETWORKS[name])
    gmacs = zoo.NETWORKS[name].published.gmacs
    assert gmacs is not None
    unit = 10 ** -len(gmacs.partition(".")[2])
    assert abs(counted.counted_macs / 1e9 - float(gmacs)) <= unit / 2
    assert counted.macs_agree


@pytest.mark.skipif(not SHARED.exists(), reason="the reference tables are not here")
def test_facts_are_those_of_the_reference_table() -> None:
    published = {entry.title: entry.published for entry in zoo.NETWORKS.values()}
    for line in csv.DictReader((SHARED / "imagenet_zoo.csv").read_text().splitlines()):
        title = line["model"].removesuffix(" (Keras)").removesuffix(" x1.0")
        facts = published["Inception-ResNet v2" if title == "InceptionResNetV2" else title]
        assert facts.top1_percent == float(line["top1_percent"])
        if line["params"]:
            assert facts.parameters == int(line["params"])
        if line["published_gmacs"]:
            assert facts.gmacs is not None
            assert float(facts.gmacs) == float(line["published_gmacs"])


@pytest.mark.parametrize("name", NAMES)
def test_deployed_is_what_fusing_makes_of_the_trained_graph(name: str) -> None:
    fused = fuse(zoo.build(name)).graph
    deployed = zoo.build(name, deployed=True)
    assert [(node.op, node.shape) for node in deployed.nodes] == [
        (node.op, node.shape) for node in fused.nodes
    ]
    assert [node.inputs for node in deployed.nodes] == [node.inputs for node in fused.nodes]


@pytest.mark.parametrize("name", NAMES)
def test_graphs_survive_json(name: str) -> None:
    graph = zoo.build(name)
    assert from_json(to_json(graph)) == graph
    assert graph.name == name


@pytest.mark.parametrize(("layers", "convolutions"), [(11, 8), (13, 10), (16, 13), (19, 16)])
def test_vgg_is_its_closed_form(layers: int, convolutions: int) -> None:
    """Table 1 of arXiv:1409.1556 written out: 3×3 filters and biases, then three dense layers."""
    widths = {
        11: (64, 128, 256, 256, 512, 512, 512, 512),
        13: (64, 64, 128, 128, 256, 256, 512, 512, 512, 512),
        16: (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512),
        19: (64, 64, 128, 128, *(256,) * 4, *(512,) * 8),
    }[layers]
    assert len(widths) == convolutions
    inputs = (3, *widths[:-1])
    kept = sum(9 * source * target + target for source, target in zip(inputs, widths, strict=True))
    dense = (512 * 7 * 7 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 1000 + 1000)
    assert cost.cost(zoo.build(f"vgg-{layers}")).trainable_parameters == kept + dense


def test_alexnet_is_its_closed_form() -> None:
    """(kernel, input channels, filters, output side) of each convolution, and the dense layers."""
    convolutions = (
        (11, 3, 64, 55),
        (5, 64, 192, 27),
        (3, 192, 384, 13),
        (3, 384, 256, 13),
        (3, 256, 256, 13),
    )
    dense = ((9216, 4096), (4096, 4096), (4096, 1000))
    report = cost.cost(zoo.build("alexnet"))
    macs = sum(k * k * m * n * side * side for k, m, n, side in convolutions)
    assert report.macs == macs + sum(m * n for m, n in dense)
    kept = sum(k * k * m * n + n for k, m, n, _ in convolutions) + sum(m * n + n for m, n in dense)
    assert report.trainable_parameters == kept


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("resnet-50", [(112, 112, 64), (56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048)]),
        ("resnet-18", [(112, 112, 64), (56, 56, 64), (28, 28, 128), (14, 14, 256), (7, 7, 512)]),
        (
            "googlenet",
            [(112, 112, 64), (56, 56, 192), (28, 28, 256), (28, 28, 480), (14, 14, 512), (14, 14, 832)],
        ),
        ("googlenet", [(14, 14, 528), (14, 14, 832), (7, 7, 832), (7, 7, 1024), (1, 1, 1024)]),
        ("inception-v3", [(149, 149, 32), (147, 147, 64), (73, 73, 64), (71, 71, 192), (35, 35, 192)]),
        ("inception-v3", [(35, 35, 288), (17, 17, 768), (8, 8, 1280), (8, 8, 2048), (1, 1, 2048)]),
        ("densenet-121", [(56, 56, 64), (56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 1024)]),
        ("inception-resnet-v2", [(35, 35, 320), (17, 17, 1088), (8, 8, 2080), (8, 8, 1536)]),
        ("squeezenet-1.0", [(54, 54, 128), (27, 27, 256), (13, 13, 512), (13, 13, 1000)]),
        ("mobilenet-v3-large", [(112, 112, 16), (56, 56, 24), (28, 28, 40), (14, 14, 112), (7, 7, 960)]),
        ("shufflenet-v2-x1.0", [(56, 56, 24), (28, 28, 116), (14, 14, 232), (7, 7, 464), (7, 7, 1024)]),
        ("efficientnet-b0", [(112, 112, 16), (56, 56, 24), (28, 28, 40), (14, 14, 80), (7, 7, 1280)]),
    ],
)
def test_stages_have_the_papers_sizes(name: str, stages: list[tuple[int, ...]]) -> None:
    """The output sizes of each paper's layer table, in this order (torchvision's where they differ)."""
    shapes = iter(outputs(zoo.build(name)))
    assert all(stage in shapes for stage in stages)


def test_densenet_concatenates_every_layer_before() -> None:
    graph = zoo.build("densenet-121")
    joined = [len(node.inputs) for node in graph.nodes if isinstance(node.op, Concat)]
    assert joined == [count for layers in (6, 12, 24, 16) for count in range(2, layers + 2)]


def test_layers_with_weights_give_the_networks_their_numbers() -> None:
    """ResNet-50 has 50 layers with weights (shortcuts not counted), VGG-16 16, DenseNet-121 121."""
    for name, layers in (("resnet-18", 18), ("resnet-34", 34), ("resnet-50", 50), ("resnet-101", 101)):
        assert _weighted(zoo.build(name), without="_shortcut") == layers
    for name, layers in (("resnet-152", 152), ("vgg-11", 11), ("vgg-19", 19), ("densenet-121", 121)):
        assert _weighted(zoo.build(name), without="_shortcut") == layers


def _weighted(graph: Graph, without: str) -> int:
    kinds = (Conv2D, DepthwiseConv2D, Dense)
    return sum(isinstance(node.op, kinds) and not node.name.endswith(without) for node in graph.nodes)


def test_torchs_padding_is_padded_first_where_tflites_differs() -> None:
    graph = zoo.build("mobilenet-v2-1.0-224")
    pads = [node for node in graph.nodes if isinstance(node.op, Pad)]
    assert [graph.shapes[node.inputs[0]][0] for node in pads] == [224, 112, 56, 28, 14]
    assert all(node.op == Pad(rows=(1, 1), columns=(1, 1)) for node in pads)


@pytest.mark.parametrize("size", range(5, 12))
@pytest.mark.parametrize(("pool", "stride"), [(3, 2), (2, 2), (3, 3), (5, 3)])
def test_ceil_mode_has_torchs_size(size: int, pool: int, stride: int) -> None:
    import torch

    from wakeling.graph import INPUT, GraphBuilder

    builder = GraphBuilder("pool", (size, size + 1, 2))
    made = builder.shape(max_pool_ceil(builder, INPUT, pool, stride=stride, name="pool"))
    image = torch.zeros(1, 2, size, size + 1)
    expected = torch.nn.functional.max_pool2d(image, pool, stride, ceil_mode=True).shape
    assert made == (expected[2], expected[3], 2)


@pytest.mark.parametrize("size", range(4, 11))
@pytest.mark.parametrize(
    ("kernel", "stride", "margin"), [(3, 1, 1), (3, 2, 1), (5, 2, 2), (2, 2, 1), (1, 2, 0)]
)
def test_convolutions_have_torchs_size(size: int, kernel: int, stride: int, margin: int) -> None:
    from wakeling.graph import INPUT, GraphBuilder

    builder = GraphBuilder("conv", (size, size, 3))
    made = builder.shape(conv(builder, INPUT, 4, kernel, stride=stride, margin=margin, name="conv"))
    assert made == (*(((size + 2 * margin - kernel) // stride + 1,) * 2), 4)


def test_names_are_forgiving_and_unknown_ones_name_the_nearest() -> None:
    assert zoo.zoo_name("ResNet_50") == zoo.zoo_name("resnet50") == "resnet-50"
    assert zoo.zoo_name("Inception V3") == "inception-v3"
    with pytest.raises(SpecError, match="unknown network of the zoo 'resnet-51'; known: resnet-50"):
        zoo.build("resnet-51")


def test_only_what_differs_is_remarked() -> None:
    remarked = {name for name, entry in zoo.NETWORKS.items() if remarks(row(entry))}
    assert remarked == {
        "inception-v3",
        "densenet-121",
        "inception-resnet-v2",
        "mobilenet-v1-1.0-224",
        "mlperf-tiny-person",
    }


def test_the_auxiliary_head_is_its_closed_form() -> None:
    """1×1 to 128, 5×5 to 768, each with gamma and beta, then 1000 classes."""
    entry = zoo.NETWORKS["inception-v3"]
    assert entry.training_only is not None
    expected = (768 * 128 + 2 * 128) + (25 * 128 * 768 + 2 * 768) + (768 * 1000 + 1000)
    assert cost.cost(entry.training_only()).trainable_parameters == expected
    assert row(entry).training_only_parameters == expected == 3_326_696


def test_building_resnet_50_takes_two_milliseconds_at_most() -> None:
    spent = []
    for _ in range(20):
        start = time.process_time()
        zoo.build("resnet-50")
        spent.append(time.process_time() - start)
    assert min(spent) < 0.002


def test_our_macs_are_never_fewer_than_the_products_of_weights_and_positions() -> None:
    """An independent sum over the weight arrays: every weight meets every position of its output once."""
    from wakeling.graph import weight_shapes

    for name in NAMES:
        graph = zoo.build(name)
        shapes = weight_shapes(graph)
        products = sum(
            math.prod(shapes[f"{node.name}/weight"]) * math.prod(node.shape[:-1])
            for node in graph.nodes
            if f"{node.name}/weight" in shapes
        )
        assert row(zoo.NETWORKS[name]).counted_macs == products
