"""Our models beside published ones on the same photos: the tables of `results/first-light.md`.

    python bench/first_light.py RUN… --peers FOLDER --data PHOTOS > tables.md

Each RUN is a folder of `wakeling design`, each peer a .tflite whose preprocessing is in
`examples/peers`. Every model goes through `wakeling evaluate` on the `test` photos at threshold 0.5.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[1] / "examples" / "peers"


def evaluate(model: Path, data: str, preprocessing: Path | None) -> dict[str, Any]:
    """What `wakeling evaluate --json` says of a model."""
    command = [sys.executable, "-m", "wakeling", "evaluate", str(model), "--data", data, "--split", "test"]
    command += ["--json"] + (["--preprocessing", str(preprocessing)] if preprocessing else [])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{model}: {done.stderr}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def figure(entry: dict[str, Any], name: str) -> str:
    """A figure with its 95 % interval, in percent or as it is."""
    low, high = entry[f"{name}_interval"]
    return f"{entry[name]:.3f} ({low:.3f}–{high:.3f})"


def row(title: str, report: dict[str, Any]) -> str:
    """One line of the table of all models."""
    sources = ("coco", "voc", "all")
    entries = [report["figures"][source] for source in sources]
    cells = [f"{figure(entry, 'balanced_accuracy')} / {figure(entry, 'auc')}" for entry in entries]
    shape = "×".join(str(size) for size in report["input"]["shape"])
    return f"| {title} | {report['bytes']:,} | {shape} {report['input']['type']} | {' | '.join(cells)} |"


def run_rows(run: Path) -> list[str]:
    """Float and int8 of one run, on val and test, at the threshold chosen on val."""
    evaluation = json.loads((run / "evaluation.json").read_text())
    lines = []
    for split in ("val", "test"):
        for model in ("float", "int8"):
            entry = evaluation[split][model]
            lines.append(
                f"| {run.name} | {split} | {model} | {figure(entry, 'balanced_accuracy')} | "
                f"{figure(entry, 'auc')} | {figure(entry, 'accuracy')} |"
            )
    return lines


def facts(run: Path) -> str:
    """What was chosen and what it takes, as one line of a table."""
    report = json.loads((run / "report.json").read_text())
    network, verification = report["network"], report["verification"]
    file_bytes = (run / "model.tflite").stat().st_size
    peak = max(sum(tensor["size_bytes"] for tensor in step["tensors"]) for step in network["memory"]["steps"])
    agreed = ", ".join(f"{witness['name']}: {witness['status']}" for witness in verification["witnesses"])
    return (
        f"| {run.name} | {report['verdict']['board_title']} | `{network['name']}` | {network['macs']:,} | "
        f"{network['deployed_parameters']:,} | {peak:,} | {verification['arena_bytes']:,} | {file_bytes:,} | "
        f"{agreed} on {verification['images']} images |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--data", required=True)
    arguments = parser.parse_args()
    print(
        "| run | board | network | MACs | parameters | RAM liveness | TFLM arena | .tflite | verification |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    print("\n".join(facts(run) for run in arguments.runs))
    print("\n| run | split | model | balanced accuracy | AUC | accuracy |\n|---|---|---|---|---|---|")
    print("\n".join(line for run in arguments.runs for line in run_rows(run)))
    evaluated = [
        (f"**wakeling, {run.name}**", evaluate(run / "model.tflite", arguments.data, None))
        for run in arguments.runs
    ]
    for peer in sorted(arguments.peers.glob("*.tflite")):
        described = EXAMPLES / f"{peer.stem}.preprocessing.toml"
        if peer.stem == "person_detect" or not described.exists():
            continue  # LiteRT refuses the first; its patched twin is measured
        evaluated.append((peer.stem, evaluate(peer, arguments.data, described)))
    evaluated.sort(key=lambda item: -item[1]["figures"]["all"]["auc"])
    print("\n| model | bytes | input | COCO | VOC | all |\n|---|---|---|---|---|---|")
    print("\n".join(row(title, report) for title, report in evaluated))


if __name__ == "__main__":
    main()
