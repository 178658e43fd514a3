"""Pictures as files: the theme's colors, the same bytes each time, nothing left where it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeling.errors import WakelingError
from wakeling.report.figures import canvas
from wakeling.report.figures.picture import LIGHT, SUFFIXES, Picture, check_plot_path, save


def paint(figure):
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 3, 2], color=canvas.ACCENT, marker="o", markerfacecolor=canvas.BAD)
    axes.bar([0, 1], [1, 2], color=[canvas.SOFT, canvas.SECOND], edgecolor=canvas.INK, linewidth=1)
    axes.scatter([0, 1, 2], [2, 2, 2], s=[10, 200, 900], color=canvas.SECOND, alpha=0.5)
    axes.annotate("peak", (1, 3), (1.5, 3), arrowprops={"arrowstyle": "->", "color": canvas.MUTED})
    axes.tick_params(axis="y", labelcolor=canvas.INK)
    axes.set_title("Everything that has a color")
    axes.text(0, 1, "in the axes", color=canvas.BAD)
    axes.text(1, 1, "in a box", bbox={"facecolor": canvas.SOFT, "edgecolor": canvas.BAD})
    axes.legend(["line"])


PICTURE = Picture(name="all", title="All", description="Everything", size=(400, 300), paint=paint)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_are_the_same_each_time(suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(PICTURE, tmp_path / f"{name}{suffix}")
    one, two = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert len(one) > 1000


def test_no_sentinel_color_reaches_a_file(tmp_path: Path) -> None:
    save(PICTURE, tmp_path / "all.svg")
    text = (tmp_path / "all.svg").read_text()
    for sentinel, color in LIGHT.items():
        assert sentinel not in text
        assert color in text


def test_a_bitmap_has_the_themes_colors(tmp_path: Path) -> None:
    from PIL import Image

    save(PICTURE, tmp_path / "all.png")
    pixels = np.asarray(Image.open(tmp_path / "all.png").convert("RGB")).reshape(-1, 3)
    assert tuple(pixels[0]) == (255, 255, 255)
    soft = tuple(int(LIGHT[canvas.SOFT][i : i + 2], 16) for i in (1, 3, 5))
    assert (pixels == soft).all(axis=1).sum() > 100
    loud = (pixels[:, 0] > 240) & (pixels[:, 1] < 16) & (pixels[:, 2] > 220)
    assert not loud.any()


def test_a_page_gets_variables() -> None:
    svg = PICTURE.svg()
    assert svg.startswith("<svg")
    assert "var(--accent)" in svg


def test_what_cannot_be_drawn_to_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WakelingError, match=r"must end with .png, .svg, .pdf"):
        save(PICTURE, tmp_path / "all.gif")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(WakelingError, match="it is a folder"):
        check_plot_path(tmp_path / "folder.png")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]
