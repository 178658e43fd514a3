"""Every board at its RAM and flash, its dot as large as its clock is fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wakeling.boards import Board
from wakeling.report.figures.canvas import ACCENT, FULL_WIDTH, INK, MUTED, SECOND, SURFACE, short_bytes
from wakeling.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = {"none": MUTED, "dsp": ACCENT, "helium": SECOND, "esp32-s3": SECOND}
_TITLES = {"none": "no vector instructions", "dsp": "Arm DSP", "helium": "wide vectors (Helium, LX7)"}


def board_map(boards: Sequence[Board]) -> Picture:
    """The picture of `boards`: RAM across, flash up, both logarithmic."""

    def paint(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

        axes = figure.subplots()
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(base=2, numticks=14))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(FuncFormatter(lambda value, _: short_bytes(value)))
        axes.grid(visible=True, axis="both")
        places: dict[tuple[int, int], list[Board]] = {}
        for board in boards:
            places.setdefault((board.ram_bytes, board.flash_bytes), []).append(board)
            axes.scatter(
                board.ram_bytes,
                board.flash_bytes,
                s=0.9 * board.clock_hz / 1e6,
                color=_COLORS[board.simd],
                alpha=0.75,
                edgecolor=SURFACE,
                linewidth=0.8,
            )
        for (ram_bytes, flash_bytes), there in places.items():
            names = ", ".join(sorted(board.chip for board in there)[:2])
            more = f" + {len(there) - 2}" if len(there) > 2 else ""
            axes.annotate(
                names + more,
                (ram_bytes, flash_bytes),
                xytext=(3, 8),
                textcoords="offset points",
                rotation=38,
                rotation_mode="anchor",
                ha="left",
                fontsize=8,
                color=INK,
            )
        axes.margins(x=0.12, y=0.2)
        axes.set_xlabel("RAM")
        axes.set_ylabel("flash")
        for simd, text in _TITLES.items():
            axes.scatter([], [], s=60, color=_COLORS[simd], label=text)
        axes.legend(loc="lower right")
        axes.set_title("Dots grow with the clock")

    return Picture(
        name="boards",
        title="Boards by RAM and flash",
        description=f"{len(boards)} boards, RAM across and flash up, both logarithmic",
        size=(FULL_WIDTH, 520),
        paint=paint,
    )
