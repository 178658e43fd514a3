"""What every published model of a folder costs, as the Markdown tables of results/cost.md.

    python bench/cost_tables.py ../shared/peers --board nucleo-l4r5zi

Each row is read from the `.tflite` file alone; the measured column is what TensorFlow Lite Micro's own
interpreter uses of its arena on this 64-bit computer, where it runs the file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wakeling import boards, cost
from wakeling.cost import latency
from wakeling.errors import WakelingError
from wakeling.importers import read_tflite
from wakeling.verify import tflm

RUNTIMES = ("liveness", "best-order", "tflm", "wakeling-c", "patched")


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--board", default="nucleo-l4r5zi")
    options = parser.parse_args()
    board = boards.load_board(options.board)
    print(f"| model | MACs | deployed parameters | file | {' | '.join(RUNTIMES)} | flash tflm | wakeling-c | ms |")
    print("|---|" + "---|" * (len(RUNTIMES) + 6))
    measured = []
    for path in sorted(options.folder.glob("*.tflite")):
        model = read_tflite(path)
        report = cost.cost(model.graph, file_bytes=model.file_bytes)
        measured.append((path.stem, report, arena_of(path)))
        ram = " | ".join(f"{report.ram_bytes[runtime]:,}" for runtime in RUNTIMES)
        own = report.flash_by_runtime.get("wakeling-c")
        time = latency.latency(report, board)
        print(
            f"| {path.stem} | {report.macs:,} | {report.deployed_parameters:,} | {model.file_bytes:,} | {ram} | "
            f"{report.flash_bytes:,} | {f'{own.total_bytes:,}' if own else '–'} | "
            f"{time.ms:.0f} ({time.low_ms:.0f}–{time.high_ms:.0f}) |"
        )
    print("\n| model | TFLM's interpreter, 64 bit | of it activations | planned, 64 bit | difference |")
    print("|---|---|---|---|---|")
    for name, report, arena in measured:
        if arena is None:
            print(f"| {name} | refuses the file | | | |")
            continue
        planned = cost.tflm(report_graph(options.folder / f"{name}.tflite"), pointer_bytes=8)
        share = 100 * (planned.peak_bytes / arena.total_bytes - 1)
        print(
            f"| {name} | {arena.total_bytes:,} | {arena.head_bytes:,} | {planned.peak_bytes:,} | {share:+.2f} % |"
        )


def report_graph(path: Path) -> object:
    """The deployed graph of a file."""
    return read_tflite(path).graph


def arena_of(path: Path) -> tflm.ArenaUse | None:
    """TFLM's own figure; None where it refuses the file."""
    try:
        return tflm.arena(path.read_bytes())
    except WakelingError:
        return None


if __name__ == "__main__":
    main()
