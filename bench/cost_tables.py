"""What every published model of a folder costs, as the Markdown tables of results/cost.md.

    python bench/cost_tables.py ../shared/peers --board nucleo-l4r5zi

Each row is read from the `.tflite` file alone; the measured column is what TensorFlow Lite Micro's own
interpreter uses of its arena on this 64-bit computer, where it runs the file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wakeling import boards, cost
from wakeling.errors import WakelingError
from wakeling.importers import read_tflite
from wakeling.verify import tflm

RUNTIMES = ("liveness", "best-order", "tflm", "wakeling-c", "patched")


def main() -> None:
    """Print two tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--board", default="nucleo-l4r5zi")
    options = parser.parse_args()
    board = boards.load_board(options.board)
    paths = sorted(options.folder.glob("*.tflite"))
    models = {path: read_tflite(path) for path in paths}
    header = (
        "model",
        "MACs",
        "deployed parameters",
        "file",
        *RUNTIMES,
        "flash tflm",
        "flash wakeling-c",
        "ms",
    )
    print(row(*header))
    print("|---" * len(header) + "|")
    for path, model in models.items():
        report = cost.cost(model.graph, file_bytes=model.file_bytes, is_deployed=True)
        own = report.flash_by_runtime.get("wakeling-c")
        time = cost.latency(report, board)
        print(
            row(
                path.stem,
                report.macs,
                report.deployed_parameters,
                model.file_bytes,
                *(report.ram_bytes[runtime] for runtime in RUNTIMES),
                report.flash_bytes,
                own.total_bytes if own else "–",
                f"{time.ms:.0f} ({time.low_ms:.0f}–{time.high_ms:.0f})",
            )
        )
    print()
    print(
        row(
            "model",
            "TFLM's interpreter, 64 bit",
            "of it activations",
            "planned, 64 bit",
            "planned activations",
        )
    )
    print("|---" * 5 + "|")
    for path, model in models.items():
        try:
            arena = tflm.arena(path.read_bytes())
        except WakelingError:
            print(row(path.stem, "refuses the file", "", "", ""))
            continue
        plan = cost.tflm(model.graph, pointer_bytes=8, kernels="reference")
        persistent = plan.parts.get("persistent", 0)
        print(
            row(path.stem, arena.total_bytes, arena.head_bytes, plan.peak_bytes, plan.peak_bytes - persistent)
        )


def row(*cells: object) -> str:
    """One line of a Markdown table; whole numbers with commas."""
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"


if __name__ == "__main__":
    main()
