"""The numbers of docs/explanation/memory-planners.md are those that the planners give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cost.memory.test_tflm import family, person_detect
from wakeling.cost import PLANNERS, count, patch_trade
from wakeling.cost.memory import best_order, liveness, patch_front, patched, tflm, wakeling_c
from wakeling.fuse import fuse
from wakeling.graph import INPUT, Graph
from wakeling.zoo import NETWORKS, build

PAGE = (Path(__file__).parents[3] / "docs" / "explanation" / "memory-planners.md").read_text()


def vww() -> Graph:
    return family("mobilenet_v1", alpha=0.25, resolution=96)


def macs_of(graph: Graph) -> int:
    return sum(count(node.op, graph.shapes[node.inputs[0]], node.shape).macs for node in graph.nodes)


def row(name: str, *cells: object) -> str:
    return f"| {name} | {' | '.join(str(cell) for cell in cells)} |"


def test_the_table_of_two_detectors() -> None:
    graphs = vww(), person_detect()
    for runtime in ("liveness", "best-order", "wakeling-c"):
        peaks = [f"{PLANNERS[runtime](graph).peak_bytes:,}" for graph in graphs]
        assert row(f"`{runtime}`", *peaks) in PAGE
    for title, kernels in (
        ("reference kernels", "reference"),
        ("CMSIS-NN on Cortex-M4 and M7", "cmsis-nn"),
        ("CMSIS-NN on Cortex-M55", "cmsis-nn-mve"),
    ):
        peaks = [f"{tflm(graph, kernels=kernels).peak_bytes:,}" for graph in graphs]  # type: ignore[arg-type]
        assert row(f"`tflm`, {title}", *peaks) in PAGE
    cells = []
    for graph in graphs:
        plan = patched(graph)
        price = "no patches" if plan.patch is None else f"+ {plan.patch.added_macs:,} MACs"
        cells.append(f"{plan.peak_bytes:,} ({price})")
    assert row("`patched`", *cells) in PAGE


def test_the_table_of_patches() -> None:
    graph = person_detect()
    macs = macs_of(graph)
    assert f"({macs:,} MACs)" in PAGE
    front = patch_front(patch_trade(graph))
    assert row("", "whole images", f"{front[0].peak_bytes:,}", 0).replace("|  |", "| |") in PAGE
    for option in front[1:]:
        share = 100 * option.added_macs / macs
        cells = f"{option.peak_bytes:,}", f"{option.added_macs:,} ({share:.1f} %)"
        assert row(str(option.operators), f"{option.rows} × {option.columns}", *cells) in PAGE
    assert PAGE.count(" %) |") == len(front) - 1


def test_the_figures_of_patches_with_an_rgb_input() -> None:
    graph = vww()
    whole = wakeling_c(graph).peak_bytes
    smallest = min(option.peak_bytes for option in patch_trade(graph)[1:])
    assert f"takes {graph.sizes[INPUT]:,} of {whole:,} bytes" in PAGE
    assert f"takes {smallest:,}." in PAGE
    streamed = patched(graph, streams_input=True)
    assert streamed.patch is not None
    share = 100 * streamed.patch.added_macs / macs_of(graph)
    assert f"{streamed.peak_bytes:,} bytes are enough" in PAGE
    assert f"{streamed.patch.rows} × {streamed.patch.columns} patches up to the fourth" in PAGE
    assert f"{streamed.patch.added_macs:,} MACs more ({share:.1f} %)" in PAGE


def test_in_place_halves_what_resnet_18_needs() -> None:
    graph = fuse(build("resnet-18")).graph
    peaks = wakeling_c(graph).peak_bytes, liveness(graph).peak_bytes
    assert "ResNet-18: {:,} bytes against {:,}".format(*peaks) in PAGE


@pytest.mark.slow
def test_all_but_two_networks_of_the_zoo_reach_the_lower_bound() -> None:
    plans = {name: wakeling_c(fuse(build(name)).graph) for name in NETWORKS}
    above = {
        name: plan.peak_bytes / (plan.lower_bound_bytes or 1) - 1
        for name, plan in plans.items()
        if not plan.is_optimal
    }
    assert set(above) == {"inception-v3", "inception-resnet-v2"}
    assert {f"{100 * share:.1f} % above" for share in above.values()} == {"0.5 % above"}
    assert "Inception-v3 and Inception-ResNet-v2 (0.5 % above)" in PAGE


@pytest.mark.slow
def test_the_best_order_of_every_famous_network_is_found() -> None:
    assert f"All {len(NETWORKS)} networks of the zoo" in PAGE
    for name in NETWORKS:
        assert best_order(fuse(build(name)).graph).is_optimal
