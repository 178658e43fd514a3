"""The generated C of every model of a folder, on emulated cores: the tables of results/c.md.

    python bench/c_code.py ../shared/peers --json results/c.json

Needs qemu-system-arm (for the Cortex-M55) and the extra `emulate`.

Every layer is compared with the golden interpreter; a disagreement ends the run. RAM is arena, stack and
data. The last columns are the tensor arena of TensorFlow Lite Micro with CMSIS-NN on the same core, by
wakeling's planner, and the instructions measured of it where reference/emulated_baselines.csv beside the
folder has them.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
from pathlib import Path

from wakeling.cost import tflm
from wakeling.errors import DisagreementError
from wakeling.export.c import target_of
from wakeling.importers import read_tflite
from wakeling.quantize.model import QuantizedModel
from wakeling.verify.c.proof import prove
from wakeling.verify.c.proof_report import CProof
from wakeling.verify.images import extreme_images

CORES = ("cortex-m0plus", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
TITLES = {"cortex-m4": "Cortex-M4", "cortex-m7": "Cortex-M7", "cortex-m55": "Cortex-M55"}


def main() -> None:
    """Prove all, write the JSON file, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--compiler", default="zig", choices=("zig", "gcc"))
    parser.add_argument("--only", default="", help="Part of the models' names.")
    parser.add_argument("--cores", default=",".join(CORES))
    options = parser.parse_args()
    baselines = read_baselines(options.folder.parent / "reference" / "emulated_baselines.csv")
    proofs, arenas = [], {}
    for path in sorted(options.folder.glob("*.tflite")):
        model = read_tflite(path).quantized
        if model is None or options.only not in path.stem:
            continue
        arenas[path.stem] = tflm(model.graph).peak_bytes
        for core in options.cores.split(","):
            for keep in (True, False):
                proof = proved(model, core, options.compiler, keep=keep)
                proofs.append((path.stem, keep, proof))
                print(row(path.stem, core, keep, proof, baselines, arenas[path.stem]), flush=True)
    if options.json:
        about = {
            "commit": git_commit(),
            "machine": platform.processor() or platform.machine(),
            "proofs": [
                {
                    "file": name,
                    "keep_constant_channels": keep,
                    "tflm_arena": arenas[name],
                    **{key: value for key, value in proof.to_json().items() if key != "layers"},
                }
                for name, keep, proof in proofs
            ],
        }
        options.json.write_text(json.dumps(about, indent=0) + "\n")


def proved(model: QuantizedModel, core: str, compiler: str, *, keep: bool) -> CProof:
    """The proof on the eight extreme images; raises DisagreementError where a layer differs."""
    height, width, channels = model.graph.input_shape
    images = extreme_images((height, width, channels))
    proof = prove(model, target_of(core), images, compiler=compiler, keep_constant_channels=keep)
    if not proof.agrees:
        raise DisagreementError(proof.summary)
    return proof


def read_baselines(path: Path) -> dict[tuple[str, str], int]:
    """Instructions of TensorFlow Lite Micro with CMSIS-NN by (core, network); empty without the file."""
    if not path.exists():
        return {}
    with path.open() as file:
        return {
            (line["target"], line["network"]): int(line["instructions_per_inference"])
            for line in csv.DictReader(file)
            if line["engine"].startswith("TFLM + CMSIS-NN")
        }


def row(
    name: str, core: str, keep: bool, proof: CProof, baselines: dict[tuple[str, str], int], arena: int
) -> str:
    """One line of the Markdown table."""
    assert proof.instructions is not None
    theirs = baselines.get((TITLES.get(core, ""), name.removesuffix("_qdim_patched")))
    cells = (
        name,
        core,
        "kept" if keep else "eliminated",
        f"{proof.macs:,}",
        f"{proof.instructions.median:,}",
        f"{proof.instructions.median / proof.macs:.2f}",
        f"{theirs:,} ({theirs / proof.instructions.median:.1f}×)" if theirs else "",
        f"{proof.flash_bytes:,}",
        f"{proof.ram_bytes:,}",
        f"{arena:,}",
    )
    return "| " + " | ".join(cells) + " |"


def git_commit() -> str:
    """The commit that is checked out, with a plus sign where files differ from it."""
    command = ("git", "describe", "--always", "--dirty=+", "--abbrev=7", "--exclude=*")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
