"""The names that others build on, and that importing them stays light."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

import wakeling
from wakeling import boards, cost, importers, lesson, spec, zoo

HEAVY = ("torch", "numpy", "rich", "PIL", "matplotlib", "scipy", "ai_edge_litert", "tflite_micro", "jinja2")

PUBLIC = {
    wakeling: "WakelingError __version__",
    boards: "SIMD SOURCED Board board_names from_toml load_board to_json",
    cost: (
        "Budget CostReport Counts Flash Latency LayerCost LayerTime Lifetime MemoryPlan PLANNERS "
        "Parameters PatchOption Placement Provenance Violation best_order budget_of cost count "
        "describe engines_for from_json from_torch latency live_at liveness option_to_json parameters "
        "patch_front patch_trade patched place placement_to_json tflm to_json violation_to_json violations "
        "wakeling_c"
    ),
    zoo: ("Counting Facts NETWORKS ZooEntry build zoo_name"),
    importers: ("Folded ImportedModel read_tflite"),
    lesson: (
        "ConvolutionLesson GapLesson KINDS Misprint MultiplierLesson MultiplierRow Printed SavingRow "
        "SeparableLesson Stage TARGET_BYTES Work explain_alpha explain_convolution explain_gap "
        "explain_resolution explain_separable parameters_counted printed_remarks saving "
        "scaling_remarks times_fewer worked_steps"
    ),
    spec: (
        "BLOCKS FAMILIES Block ClassifierHead DepthwiseSeparable InvertedResidual Network Published "
        "StandardConv family_name from_json from_toml load lower make published to_json to_toml with_input"
    ),
}


@pytest.mark.parametrize(
    ("module", "names"), PUBLIC.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_public_names_are_pinned(module: object, names: str) -> None:
    assert sorted(module.__all__) == sorted(names.split())  # type: ignore[attr-defined]  # a module
    for name in names.split():
        assert hasattr(module, name)


def loaded_after(code: str) -> set[str]:
    """The heavy libraries that a fresh interpreter has loaded after running `code`."""
    report = f"import sys; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import wakeling",
        "import wakeling.spec, wakeling.cost, wakeling.boards, wakeling.zoo, wakeling.lesson",
        "from wakeling.cli.main import run; run(['--help'])",
        "from wakeling.cli.main import run; run(['--version'])",
        "from wakeling.cli.main import run; run(['cost', 'mobilenet_v1', '--json'])",
        "from wakeling.cli.main import run; run(['cost', 'resnet-50', '--board', 'nucleo-l4r5zi', '--json'])",
        "from wakeling.cli.main import run; run(['compare', 'mobilenet_v1', 'alexnet', '--json'])",
        "from wakeling.cli.main import run; run(['explain', 'separable', '--json'])",
        "from wakeling.cli.main import run; run(['zoo', '--json'])",
        "from wakeling.cli.main import run; run(['boards', '--json'])",
    ],
)
def test_light_things_load_nothing_heavy(code: str) -> None:
    assert loaded_after(code) == set()


def test_help_starts_quickly() -> None:
    """Under 0.3 s of processor time, which a busy machine does not stretch as it does wall time."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "wakeling", "--help"], capture_output=True, check=True, timeout=60
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.3


def test_the_wheel_ships_its_data_files() -> None:
    """Boards and published tables are read from inside the package."""
    assert len(boards.board_names()) >= 26
    made = spec.make("mobilenet_v2", alpha=0.35, resolution=96, classes=1000)
    assert spec.published(made) is not None
