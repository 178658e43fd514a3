"""Whole networks against published tables, torch, and the report's own sums."""

from __future__ import annotations

import copy
import csv
import json
import math
import pickle
from importlib import resources
from typing import Any

import pytest

from wakeling import cost, spec
from wakeling.errors import WakelingError
from wakeling.fuse import fuse
from wakeling.graph import INPUT, GraphBuilder, weight_shapes
from wakeling.ops import Activation, Add, BatchNorm, Conv2D, Dense, DepthwiseConv2D
from wakeling.spec.families.published import published_table


def report_of(family: str, **knobs: float) -> cost.CostReport:
    return cost.cost(spec.lower(spec.make(family, **knobs)))


def _exact_v1_rows() -> list[dict[str, str]]:
    text = (resources.files("wakeling.spec.families") / "mobilenet_v1_imagenet.csv").read_text()
    return list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("row", _exact_v1_rows(), ids=lambda row: f"{row['alpha']}-{row['resolution']}")
def test_v1_macs_equal_all_sixteen_exact_rows(row: dict[str, str]) -> None:
    knobs = {"alpha": float(row["alpha"]), "resolution": int(row["resolution"]), "classes": 1000}
    macs = report_of("mobilenet_v1", **knobs).macs
    assert f"{macs / 1e6:.3f}" == row["exact_macs_millions"]


def test_the_exact_table_has_sixteen_rows() -> None:
    assert len(_exact_v1_rows()) == 16


@pytest.mark.parametrize("row", published_table("mobilenet_v2"), ids=lambda r: f"{r.alpha}-{r.resolution}")
def test_v2_macs_cut_to_millions_are_the_published_ones(row: spec.Published) -> None:
    """All 22 rows: the table cuts to whole millions (300.77 is printed as 300)."""
    report = report_of("mobilenet_v2", alpha=row.alpha, resolution=row.resolution, classes=1000)
    assert report.macs // 1_000_000 == row.macs_millions


def test_v1_full_size_figures() -> None:
    report = report_of("mobilenet_v1", classes=1000)
    assert report.macs == 568_740_352
    assert report.training_parameters == 4_253_864
    # each batch norm channel is four values in training and one bias once it is folded
    channels = sum(
        node.shape[-1]
        for node in spec.lower(spec.make("mobilenet_v1", classes=1000)).nodes
        if isinstance(node.op, BatchNorm)
    )
    assert report.deployed_parameters == 4_253_864 - 3 * channels


@pytest.mark.parametrize(("channels", "macs"), [(3, 7_489_664), (1, 7_157_888)], ids=["rgb", "gray"])
def test_v1_quarter_96_figures(channels: int, macs: int) -> None:
    report = report_of("mobilenet_v1", alpha=0.25, resolution=96, channels=channels)
    assert report.macs == report.multiplications == macs
    assert report.ram_bytes["liveness"] == 55_296


def test_v2_full_size_parameters() -> None:
    assert report_of("mobilenet_v2", classes=1000).training_parameters == 3_538_984


def test_pooling_has_no_macs() -> None:
    layers = {layer.name: layer for layer in report_of("mobilenet_v1", alpha=0.25, resolution=96).layers}
    pool = layers["head_pool"]
    assert (pool.macs, pool.multiplications) == (0, 0)
    assert pool.additions == 8 * 256
    assert pool.other_operations == {"divisions": 256}


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
@pytest.mark.parametrize(("alpha", "resolution", "channels"), [(0.25, 96, 3), (0.35, 50, 1), (0.75, 128, 3)])
def test_macs_equal_what_torch_modules_see(family: str, alpha: float, resolution: int, channels: int) -> None:
    """Torch layers made here from the operators; a forward hook counts from the real tensors."""
    torch = pytest.importorskip("torch")
    deployed = fuse(
        spec.lower(spec.make(family, alpha=alpha, resolution=resolution, channels=channels))
    ).graph
    counted = 0

    def hook(module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal counted
        per_output = module.weight.numel() // module.weight.shape[0]
        counted += output.numel() * per_output

    values = {INPUT: torch.zeros(1, channels, resolution, resolution)}
    for node in deployed.nodes:
        source = values[node.inputs[0]]
        op = node.op
        if isinstance(op, Conv2D | DepthwiseConv2D):
            filters = node.shape[-1]
            groups = filters if isinstance(op, DepthwiseConv2D) else 1
            layer = torch.nn.Conv2d(source.shape[1], filters, op.kernel, op.stride, groups=groups)
            layer.register_forward_hook(hook)
            down = (math.ceil(source.shape[2] / op.stride[0]) - 1) * op.stride[0] + op.kernel[0]
            pad = max(down - source.shape[2], 0)
            values[node.name] = layer(torch.nn.functional.pad(source, (0, pad, 0, pad))).detach()
        elif isinstance(op, Dense):
            dense = torch.nn.Linear(source.shape[1], op.units)
            dense.register_forward_hook(hook)
            values[node.name] = dense(source).detach()
        elif isinstance(op, Add):
            values[node.name] = source + values[node.inputs[1]]
        elif len(node.shape) == 3:
            values[node.name] = source.mean(dim=(2, 3), keepdim=True)
        else:
            values[node.name] = source.flatten(1)
        shape = values[node.name].shape[1:]
        assert tuple(shape) == (node.shape[-1:] + node.shape[:-1])
    assert counted == cost.cost(deployed).macs


@pytest.mark.parametrize("family", sorted(spec.FAMILIES))
@pytest.mark.parametrize("knobs", [{"alpha": 0.25, "resolution": 96}, {"alpha": 0.35, "depth": 1.5}])
def test_totals_are_the_sums_of_the_layers(family: str, knobs: dict[str, float]) -> None:
    graph = spec.lower(spec.make(family, **knobs))
    report = cost.cost(graph)
    for total in (
        "macs",
        "multiplications",
        "additions",
        "training_parameters",
        "deployed_parameters",
        "weight_bytes",
    ):
        assert getattr(report, total) == sum(getattr(layer, total) for layer in report.layers)
    assert report.training_parameters == sum(map(math.prod, weight_shapes(graph).values()))
    deployed = weight_shapes(fuse(graph).graph)
    assert report.deployed_parameters == sum(map(math.prod, deployed.values()))
    assert report.weight_bytes == sum(
        math.prod(shape) * (4 if key.endswith("/bias") else 1) for key, shape in deployed.items()
    )
    assert report.ram_bytes["liveness"] == max(layer.ram_bytes for layer in report.layers)
    assert report.flash_bytes == report.flash.file_bytes + report.flash.runtime_bytes
    assert report.weight_bytes == report.flash.weights_bytes + report.flash.biases_bytes


def test_a_fused_graph_costs_the_same_to_deploy() -> None:
    graph = spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=96))
    trained, deployed = cost.cost(graph), cost.cost(fuse(graph).graph)
    assert trained.macs == deployed.macs
    assert trained.deployed_parameters == deployed.deployed_parameters == deployed.training_parameters
    assert trained.flash == deployed.flash
    assert trained.memory == deployed.memory


def test_learned_parameters_are_those_without_statistics() -> None:
    """torch's count of the same network: gamma and beta, but no moving mean and variance."""
    report = report_of("mobilenet_v2", alpha=1.0, resolution=224, classes=1000)
    assert report.trainable_parameters == 3_504_872  # torchvision's published integer
    channels = (report.training_parameters - report.trainable_parameters) // 2
    assert report.training_parameters - report.deployed_parameters == 3 * channels


def test_only_the_runtimes_asked_for_are_planned() -> None:
    graph = spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))
    assert list(cost.cost(graph, runtimes=()).memory) == ["liveness"]
    with pytest.raises(WakelingError, match="unknown runtime 'livenes'; known: liveness"):
        cost.cost(graph, runtimes=("livenes",))


def test_report_survives_json_pickle_and_copying() -> None:
    report = report_of("mobilenet_v2", alpha=0.35, resolution=64)
    assert cost.from_json(json.loads(json.dumps(cost.to_json(report), allow_nan=False))) == report
    assert pickle.loads(pickle.dumps(report)) == report
    assert copy.deepcopy(report) == report


def test_json_has_its_totals_at_the_top() -> None:
    value = cost.to_json(report_of("mobilenet_v1", alpha=0.25, resolution=96))
    assert value["macs"] == 7_489_664
    assert value["parameters"] == {"training": 219_058, "trainable": 213_586, "deployed": 210_850}
    assert value["ram_bytes"]["liveness"] == 55_296
    assert set(value["ram_bytes"]) == set(cost.PLANNERS)
    assert value["flash_bytes"] == sum(value["flash"][part] for part in ("file_bytes", "runtime_bytes"))
    assert len(value["layers"]) == 31


def test_every_figure_says_where_it_comes_from() -> None:
    value = cost.to_json(report_of("mobilenet_v1", alpha=0.25, resolution=96))
    named = set(value["provenance"])
    for name in ("macs", "multiplications", "additions", "other_operations", "weight_bytes", "flash_bytes"):
        assert name in named
    assert {f"ram_bytes.{runtime}" for runtime in value["ram_bytes"]} <= named
    assert {f"parameters.{kind}" for kind in value["parameters"]} <= named
    for path in named:
        figure: Any = value
        for key in path.split("."):
            figure = figure[key]
        assert figure is not None
    for origin in value["provenance"].values():
        assert origin["kind"] in {"measured", "computed", "modelled", "published"}
        assert origin["kind"] != "modelled" or origin["error"]
        assert origin["kind"] not in {"measured", "published"} or origin["source"]


@pytest.mark.parametrize("wrong", [{}, {"format": "wakeling.cost/0"}, {"format": "wakeling.cost/1"}])
def test_malformed_reports_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(WakelingError, match="cost"):
        cost.from_json(wrong)


def test_a_batch_norm_with_nothing_to_fold_into_stays_a_factor_and_an_offset() -> None:
    builder = GraphBuilder("odd", (4, 4, 2))
    builder.append(BatchNorm(), INPUT)
    report = cost.cost(builder.build())
    assert report.training_parameters == 8
    assert report.deployed_parameters == 4
    assert (report.multiplications, report.additions) == (32, 32)


def test_a_finished_model_is_costed_as_its_file_has_it() -> None:
    """A convolution and a ReLU that a file keeps apart are two operators, and two tensors, on the board."""
    builder = GraphBuilder("apart", (8, 8, 3))
    conv = builder.append(Conv2D(filters=4, kernel=(3, 3), use_bias=True), INPUT, name="conv")
    builder.append(Activation(kind="relu"), conv, name="relu")
    graph = builder.build()
    apart, fused = cost.cost(graph, is_deployed=True), cost.cost(graph)
    assert [layer.name for layer in apart.layers] == ["conv", "relu"]
    assert [layer.name for layer in fused.layers] == ["conv"]
    assert apart.ram_bytes["tflm"] > fused.ram_bytes["tflm"]
    assert apart.macs == fused.macs
