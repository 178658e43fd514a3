"""The memory map and the patched trade: what is drawn is what the plans say."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from wakeling import spec
from wakeling.cost import PLANNERS, MemoryPlan, live_at, patch_trade
from wakeling.cost.memory import patch_front
from wakeling.fuse import fuse
from wakeling.graph import Graph
from wakeling.report.figures.memory_map import memory_map
from wakeling.report.figures.patch_trade import patch_trade_figure
from wakeling.report.figures.picture import Picture, save

MACS = 7_489_664


def vww() -> Graph:
    return fuse(spec.lower(spec.make("mobilenet_v1", alpha=0.25, resolution=96))).graph


def plan_of(runtime: str) -> tuple[MemoryPlan, list[str]]:
    graph = vww()
    return PLANNERS[runtime](graph), [node.name for node in graph.nodes]


def painted(picture: Picture):  # type: ignore[no-untyped-def]
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    picture.paint(figure)
    return figure


@pytest.mark.parametrize("runtime", ["tflm", "wakeling-c", "patched"])
def test_every_placed_buffer_is_a_rectangle_at_its_offset_and_steps(runtime: str) -> None:
    plan, layers = plan_of(runtime)
    (axes,) = painted(memory_map(plan, layers)).axes
    drawn = {
        (
            round(patch.get_x() + 0.5),
            round(patch.get_width()),
            round(patch.get_y()),
            round(patch.get_height()),
        )
        for patch in axes.patches
        if patch.get_gid()
    }
    assert drawn == {
        (buffer.first, buffer.last - buffer.first + 1, buffer.offset_bytes, buffer.size_bytes)
        for buffer in plan.buffers
    }


@pytest.mark.parametrize("runtime", ["liveness", "best-order"])
def test_buffers_without_offsets_are_stacked_to_the_live_bytes(runtime: str) -> None:
    plan, layers = plan_of(runtime)
    (axes,) = painted(memory_map(plan, layers)).axes
    for step, live in enumerate(plan.live_bytes):
        here = [
            patch
            for patch in axes.patches
            if patch.get_gid() and patch.get_x() <= step < patch.get_x() + patch.get_width()
        ]
        assert sorted(round(patch.get_height()) for patch in here) == sorted(
            buffer.size_bytes for buffer in live_at(plan, step)
        )
        assert max(patch.get_y() + patch.get_height() for patch in here) == live


def test_the_map_names_buffers_layers_and_the_limit() -> None:
    plan, layers = plan_of("wakeling-c")
    svg = memory_map(plan, layers, limit_bytes=65_536).svg()
    for text in ("arena 36.6 KiB", "limit 64 KiB", "block1_pointwise", "planned by wakeling-c"):
        assert text in svg
    assert "input: 27.0 KiB at 0, while block0_conv runs" in svg


def test_every_option_near_the_front_is_a_dot_and_the_front_is_joined() -> None:
    trade = patch_trade(vww())
    (axes,) = painted(patch_trade_figure(trade, MACS)).axes
    *dots, line = axes.lines
    points = {(dot.get_xdata()[0], dot.get_ydata()[0]) for dot in dots}
    front = patch_front(trade)
    assert {(option.added_macs / MACS, option.peak_bytes) for option in front} <= points
    assert list(line.get_ydata()) == [option.peak_bytes for option in front]
    assert re.search(r"4 × 4 patches up to block2_depthwise", patch_trade_figure(trade, MACS).svg())


def test_the_front_holds_what_nothing_beats() -> None:
    trade = patch_trade(vww())
    front = patch_front(trade)
    for option in trade:
        assert any(
            better.peak_bytes <= option.peak_bytes and better.added_macs <= option.added_macs
            for better in front
        )
    for one, other in itertools.pairwise(front):
        assert one.added_macs < other.added_macs
        assert one.peak_bytes > other.peak_bytes


def test_pictures_are_saved(tmp_path: Path) -> None:
    plan, layers = plan_of("tflm")
    save(memory_map(plan, layers), tmp_path / "map.png")
    save(patch_trade_figure(patch_trade(vww()), MACS, limit_bytes=50_000), tmp_path / "trade.svg")
    assert (tmp_path / "map.png").stat().st_size > 10_000
    assert "limit 48.8 KiB" in (tmp_path / "trade.svg").read_text()
