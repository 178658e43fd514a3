"""A figure that can go two ways: inline SVG for a page, or a file of its own (`--plot FILE`).

Painters use the sentinel colors of `report.figures.canvas`; a page turns them into CSS variables,
a file gets the light theme's concrete colors. What is drawn is in the other files of this package.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from wakeling.errors import MissingDependencyError, WakelingError
from wakeling.files import atomic_path
from wakeling.report.figures import canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
"""Kinds of file that a picture can be saved as, by the end of their names."""

LIGHT: Mapping[str, str] = MappingProxyType(
    {
        canvas.INK: "#1d2126",
        canvas.MUTED: "#616a74",
        canvas.LINE: "#dcdad5",
        canvas.SURFACE: "#ffffff",
        canvas.ACCENT: "#1f5fae",
        canvas.SOFT: "#a9c8ec",
        canvas.SECOND: "#c08a2d",
        canvas.BAD: "#c4332b",
    }
)
"""The report's light theme, for files that stand alone."""

_PNG_DOTS_PER_INCH = 144
_COLOR_PARTS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What to draw, on `size` (width, height) in SVG units of 1/72 inch; see `canvas.draw`."""

    name: str
    title: str
    description: str
    size: tuple[float, float]
    paint: Callable[[Figure], None]
    tooltips: Mapping[str, str] = field(default_factory=dict)

    def svg(self) -> str:
        """The inline SVG of a page, its colors CSS variables."""
        return canvas.draw(
            self.name,
            title=self.title,
            description=self.description,
            size=self.size,
            paint=self.paint,
            tooltips=self.tooltips,
        )


def check_plot_path(path: Path) -> None:
    """Raises WakelingError, before any work is done, where `save` would refuse the path."""
    if path.suffix.lower() not in SUFFIXES:
        raise WakelingError(f"cannot draw to {path}: its name must end with {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise WakelingError(f"cannot draw to {path}: it is a folder")


def save(picture: Picture, path: Path) -> None:
    """Write the picture to a .png, .svg or .pdf file, atomically, on white.

    Raises WakelingError for another ending, MissingDependencyError without matplotlib.
    """
    check_plot_path(path)
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "report") from error
    kind = path.suffix.lower().removeprefix(".")
    style: dict[Any, Any] = {  # matplotlib types the keys as one long literal
        **{key: LIGHT.get(str(value), value) for key, value in canvas.STYLE.items()},
        "svg.hashsalt": picture.name,
        "figure.facecolor": LIGHT[canvas.SURFACE],
    }
    inches = (picture.size[0] / canvas.POINTS_PER_INCH, picture.size[1] / canvas.POINTS_PER_INCH)
    with matplotlib.rc_context(style), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")
        figure = Figure(figsize=inches, layout="constrained")
        picture.paint(figure)
        figure.draw_without_rendering()  # makes the ticks, so that they can be colored too
        _color(figure)
        with atomic_path(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=_PNG_DOTS_PER_INCH, metadata=_METADATA[kind])


_METADATA: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "png": {"Software": None},
        "svg": dict.fromkeys(("Creator", "Date", "Format", "Type")),
        "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
    }
)
"""Leaves out dates and versions: the same picture gives the same bytes."""


def _color(figure: Figure) -> None:
    """Turn every sentinel color of a painted figure into the light theme's."""
    from matplotlib.colors import to_rgb, to_rgba_array
    from matplotlib.text import Annotation, Text

    themes = {to_rgb(sentinel): to_rgb(color) for sentinel, color in LIGHT.items()}
    boxes = [text.get_bbox_patch() for text in figure.findobj(Text)]
    arrows = [note.arrow_patch for note in figure.findobj(Annotation)]
    for artist in [*figure.findobj(), *boxes, *arrows]:
        for part in _COLOR_PARTS:
            read, write = getattr(artist, f"get_{part}", None), getattr(artist, f"set_{part}", None)
            if read is None or write is None:
                continue
            colors = to_rgba_array(read())
            themed = [(*themes.get(tuple(row[:3]), tuple(row[:3])), row[3]) for row in colors.tolist()]
            if themed != [tuple(row) for row in colors.tolist()]:
                write(themed if len(themed) > 1 else themed[0])
