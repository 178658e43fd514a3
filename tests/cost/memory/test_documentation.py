"""The numbers of docs/explanation/memory-planners.md are those that the planners give."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cost.memory.test_tflm import family, person_detect
from wakeling.cost import PLANNERS, count, patch_trade
from wakeling.cost.memory import best_order, patch_front, patched, tflm
from wakeling.fuse import fuse
from wakeling.graph import Graph
from wakeling.zoo import NETWORKS, build

PAGE = (Path(__file__).parents[3] / "docs" / "explanation" / "memory-planners.md").read_text()


def vww() -> Graph:
    return family("mobilenet_v1", alpha=0.25, resolution=96)


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
        assert plan.patch is not None
        cells.append(f"{plan.peak_bytes:,} (+ {plan.patch.added_macs:,} MACs)")
    assert row("`patched`", *cells) in PAGE


def test_the_table_of_patches() -> None:
    graph = vww()
    macs = sum(count(node.op, graph.shapes[node.inputs[0]], node.shape).macs for node in graph.nodes)
    assert f"({macs:,} MACs)" in PAGE
    front = patch_front(patch_trade(graph))
    assert row("whole images", f"{front[0].peak_bytes:,}", 0) in PAGE
    for option in front[1:]:
        share = 100 * option.added_macs / macs
        cells = f"{option.peak_bytes:,}", f"{option.added_macs:,} ({share:.1f} %)"
        assert row(f"{option.rows} × {option.columns}", *cells) in PAGE
    streamed = patched(graph, streams_input=True)
    assert streamed.patch is not None
    assert f"{streamed.peak_bytes:,} bytes" in PAGE
    assert f"{streamed.patch.added_macs:,} MACs more" in PAGE


@pytest.mark.slow
def test_the_best_order_of_every_famous_network_is_found() -> None:
    assert f"All {len(NETWORKS)} networks of the zoo" in PAGE
    for name in NETWORKS:
        assert best_order(fuse(build(name)).graph).is_optimal
