"""The zoo's chart: every network is there, areas follow parameters, labels cover nothing."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wakeling.report import zoo
from wakeling.report import zoo_surroundings as around
from wakeling.report.figures import zoo_chart
from wakeling.report.figures.label_placement import Box, Disc, candidates, overlap, place
from wakeling.report.figures.zoo_frame import LARGEST_BUBBLE, Bubble, Mark, diameter_of


@pytest.fixture(scope="module")
def bubbles() -> list[Bubble]:
    return [
        Bubble(
            title=row.entry.title,
            operations=row.operations,
            top1_percent=row.entry.published.top1_percent,
            parameters=row.report.deployed_parameters,
            fits=row.int8_bytes <= max(around.FLASH_BYTES),
        )
        for row in zoo.rows()
        if row.entry.published.top1_percent is not None
    ]


def drawn(bubbles: list[Bubble], marks: tuple[Mark, ...] = ()):
    """The chart's picture."""
    return zoo_chart.zoo_chart(
        bubbles,
        grids=around.grids(lambda report: True),
        speeds=[],
        flash_bytes=around.FLASH_BYTES,
        marks=marks,
        fits_words="fits",
    )


def test_every_network_has_its_bubble_and_its_words(bubbles: list[Bubble]) -> None:
    svg = drawn(bubbles).svg()
    for index, bubble in enumerate(bubbles):
        assert f'id="zoo-bubble{index}"><title>{bubble.title}: {bubble.top1_percent:g} %' in svg
        assert f">{bubble.title}<" in svg
    assert "#fe0" not in svg


def test_the_same_chart_has_the_same_bytes(bubbles: list[Bubble]) -> None:
    assert drawn(bubbles).svg() == drawn(bubbles).svg()


def test_areas_follow_parameters(bubbles: list[Bubble]) -> None:
    most = max(bubble.parameters for bubble in bubbles)
    areas = [diameter_of(bubble.parameters, most) ** 2 / bubble.parameters for bubble in bubbles]
    assert max(areas) == pytest.approx(min(areas))
    assert diameter_of(most, most) == LARGEST_BUBBLE


@pytest.mark.parametrize(
    "marks", [(), (Mark(title="a design of mine", operations=15_000_000, top1_percent=51),)]
)
def test_no_label_covers_another_or_leaves_the_chart(
    bubbles: list[Bubble], marks: tuple[Mark, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[Box], Box]] = []

    def recorded(discs, sizes, bounds, **others):
        boxes = place(discs, sizes, bounds, **others)
        seen.append((boxes, bounds))
        return boxes

    monkeypatch.setattr(zoo_chart, "place", recorded)
    drawn(bubbles, marks).svg()
    [(boxes, bounds)] = seen
    assert len(boxes) == len(bubbles) + len(marks)
    assert all(overlap(one, other) == 0 for one, other in itertools.combinations(boxes, 2))
    for box in boxes:
        assert bounds.left <= box.left < box.right <= bounds.right
        assert bounds.bottom <= box.bottom < box.top <= bounds.top


def test_a_boards_speed_is_that_of_mobilenet_on_it() -> None:
    from wakeling import boards, cost
    from wakeling.zoo import build

    board = boards.load_board("arduino-nano-33-ble-sense")
    report = cost.cost(build("mlperf-tiny-person"), runtimes=())
    time = cost.latency(report, board)
    speed = around.speed(board)
    assert speed is not None
    expected = (report.multiplications + report.additions) * 1000 / time.ms
    assert speed.operations == pytest.approx(expected)


def test_grids_are_the_published_tables() -> None:
    grids = around.grids(lambda report: report.weight_bytes < 10**6)
    assert [len(grid.points) for grid in grids] == [16, 22]
    small = next(point for point in grids[0].points if re.fullmatch(r".*_0\.25_128_.*", point.title))
    assert (small.top1_percent, small.fits) == (41.5, True)
    assert small.operations == pytest.approx(2 * 13.57e6, rel=0.01)


sizes = st.tuples(st.floats(10, 90), st.floats(8, 14))
points = st.builds(Disc, st.floats(50, 350), st.floats(50, 250), st.floats(1, 20))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(points, sizes), min_size=1, max_size=6))
def test_labels_stay_inside_and_never_beat_their_own_best_place(things) -> None:
    discs, labels = [disc for disc, _ in things], [size for _, size in things]
    bounds = Box(0, 0, 400, 300)
    boxes = place(discs, labels, bounds)
    assert boxes == place(discs, labels, bounds)
    for disc, size, box in zip(discs, labels, boxes, strict=True):
        assert box in [option for option, _ in candidates(disc, size)]
        assert math.isclose(box.right - box.left, size[0])
        assert math.isclose(box.top - box.bottom, size[1])
        assert box.left >= -1
        assert box.right <= 401


def test_two_labels_of_neighbors_part() -> None:
    boxes = place([Disc(100, 100, 3), Disc(104, 100, 3)], [(60, 10), (60, 10)], Box(0, 0, 400, 300))
    assert overlap(*boxes) == 0
