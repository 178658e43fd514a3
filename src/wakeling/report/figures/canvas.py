"""From a painted matplotlib figure to an inline SVG that takes its colors from the page.

Figures paint with the sentinel colors below; `draw` turns each into a CSS variable, so one SVG is
readable on a light page, on a dark one and on paper. Nothing here knows what is drawn.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wakeling.errors import MissingDependencyError
from wakeling.units import format_bytes, format_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

INK, MUTED, LINE, SURFACE = "#fe01ef", "#fe02ef", "#fe03ef", "#fe04ef"
ACCENT, SOFT, SECOND, BAD = "#fe05ef", "#fe06ef", "#fe07ef", "#fe08ef"

_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    SURFACE: "var(--surface)",
    ACCENT: "var(--accent)",
    SOFT: "var(--accent-soft)",
    SECOND: "var(--second)",
    BAD: "var(--bad)",
}

FULL_WIDTH = 780
"""Width of a figure across the page, in SVG units (about a CSS pixel each)."""

POINTS_PER_INCH = 72
"""SVG units in an inch of a figure's size."""
STYLE: dict[Any, Any] = {  # matplotlib types the keys as one long literal
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 10.5,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.labelsize": 10,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "text.color": INK,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "legend.labelcolor": INK,
    "patch.linewidth": 0.0,
    "figure.facecolor": "none",
    "figure.edgecolor": "none",
    "path.simplify": True,
}
"""matplotlib's settings of every figure."""


def draw(
    name: str,
    *,
    title: str,
    description: str,
    size: tuple[float, float],
    paint: Callable[[Figure], None],
    tooltips: Mapping[str, str] | None = None,
) -> str:
    """The SVG that `paint` paints on an empty figure of `size` (width, height) in SVG units.

    `name` prefixes every id, `tooltips` maps an artist's gid to the text shown when it is pointed
    at. The same input gives the same bytes. Raises MissingDependencyError without matplotlib.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", "report") from error
    inches = (size[0] / POINTS_PER_INCH, size[1] / POINTS_PER_INCH)
    content = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from")  # the browser has the font
        figure = Figure(figsize=inches, layout="constrained")
        paint(figure)
        figure.savefig(
            content,
            format="svg",
            metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")),
        )
    return _inline(content.getvalue(), name, title, description, tooltips or {})


def _inline(svg: str, name: str, title: str, description: str, tooltips: Mapping[str, str]) -> str:
    body = svg[svg.index("<svg") :]
    body = body[body.index(">") + 1 : body.rindex("</svg>")]
    body = re.sub(r"<style.*?</style>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r">\s+<", "><", body).strip()
    body = re.sub(r"<[^>]*>", lambda tag: _adapt_tag(tag.group(), name), body)
    for gid, text in tooltips.items():
        tag = f'<g id="{name}-{gid}">'
        body = body.replace(tag, f"{tag}<title>{html.escape(text)}</title>")
    box = re.search(r'viewBox="([^"]*)"', svg)
    assert box is not None
    return (
        f'<svg class="figure" viewBox="{box.group(1)}" role="img" '
        f'aria-labelledby="{name}-title {name}-description">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-description">{html.escape(description)}</desc>{body}</svg>'
    )


def _adapt_tag(tag: str, name: str) -> str:
    """One tag with ids of its own, the page's font, and the page's colors."""
    tag = re.sub(r"font-family: [^;\"]*;? ?", "", tag)
    tag = re.sub(r"\s*\n\s*", " ", tag)
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'xlink:href="#', f'href="#{name}-', tag)
    tag = tag.replace("url(#", f"url(#{name}-")
    for color, variable in _VARIABLES.items():
        tag = tag.replace(color, variable)
    return tag


def label(text: str, limit: int = 40) -> str:
    """`text` fit for a figure: printable, on one line, its middle left out where it is long."""
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    if len(line) <= limit:
        return line
    return f"{line[: limit // 2]}…{line[len(line) - (limit - limit // 2 - 1) :]}"


def format_axis(axis: Axis, write: Callable[[float], str]) -> None:
    """Write the ticks of `axis` by `write`."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))


def count_axis(axes: Axes, which: str, values: Iterable[int], *, is_bytes: bool = False) -> None:
    """Scale an axis ("x" or "y") for counts: logarithmic where they span more than a factor of four."""
    from matplotlib.ticker import LogLocator, MultipleLocator, NullLocator

    axis = axes.xaxis if which == "x" else axes.yaxis
    positive = [value for value in values if value > 0]
    if positive and max(positive) > 4 * min(positive):
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        decades = max(positive) / min(positive) > 1000
        base = 2.0 if is_bytes else 10.0
        subs = (1.0,) if decades or is_bytes else (1.0, 2.0, 5.0)
        axis.set_major_locator(LogLocator(base=base, subs=subs, numticks=12))
        axis.set_minor_locator(NullLocator())
    elif is_bytes and positive:
        axis.set_major_locator(MultipleLocator(byte_step(max(positive))))
    format_axis(axis, short_bytes if is_bytes else _short_count)


def _short_count(value: float) -> str:
    return format_count(round(value)).replace(".00", "")


def byte_step(most: int) -> int:
    """A power of two of bytes that gives four to eight ticks up to `most`."""
    return max(1, 1 << max(0, (max(most, 1) // 4).bit_length() - 1))


def short_bytes(value: float) -> str:
    """Bytes without a fraction of zero: `256 KiB`, for ticks and limits."""
    return format_bytes(round(value)).replace(".00 ", " ").replace(".0 ", " ")


def percent(value: float) -> str:
    """A share as a whole percentage, for an axis."""
    return f"{100 * value:.3g} %"
