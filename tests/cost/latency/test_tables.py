"""The tables that the model is fitted to: sourced, and equal to what they were taken from."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path

import pytest

from wakeling import cost, spec
from wakeling.cost.latency.engines import ENGINES
from wakeling.cost.latency.tables import measurements, networks
from wakeling.cost.latency.work import KINDS, Work, works
from wakeling.cost.report import CostReport

SHARED = Path(__file__).parents[3].parent / "shared"
REFERENCE, PEERS = SHARED / "reference", SHARED / "peers"

needs_reference = pytest.mark.skipif(not REFERENCE.exists(), reason="the reference tables are not here")
needs_peers = pytest.mark.skipif(not PEERS.exists(), reason="the published models are not here")

FAMILY_NETWORKS = {
    "mobilenet_v1-0.25-96": ("mobilenet_v1", 0.25, 96, 2),
    "mobilenet_v1-1.0-224": ("mobilenet_v1", 1.0, 224, 1000),
    "mobilenet_v2-0.35-128": ("mobilenet_v2", 0.35, 128, 2),
    "mobilenet_v2-1.0-224": ("mobilenet_v2", 1.0, 224, 1000),
}


def reference(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((REFERENCE / f"{name}.csv").read_text().splitlines()))


def amounts(found: tuple[Work, ...]) -> dict[tuple[str, bool], tuple[float, ...]]:
    sums: dict[tuple[str, bool], list[float]] = defaultdict(lambda: [0, 0, 0, 0])
    for work in found:
        for index, amount in enumerate((work.macs, work.outputs, work.elements, work.layers)):
            sums[work.kind, work.is_aligned][index] += amount
    return {key: tuple(values) for key, values in sums.items()}


def test_every_row_names_its_source_and_why_it_is_left_out() -> None:
    for row in measurements():
        assert row.source
        assert row.basis
        assert row.is_used == (row.remark == "")
        assert row.amount > 0
        assert row.unit in ("cycles", "instructions")
        assert row.network in networks()
        if row.is_used:
            assert row.core in ENGINES[row.engine].cores
    assert sum(row.is_used for row in measurements()) >= 40


def test_every_engine_has_a_measurement() -> None:
    assert {row.engine for row in measurements() if row.is_used} == set(ENGINES)


@pytest.mark.parametrize("name", FAMILY_NETWORKS)
def test_the_work_of_our_own_families_is_what_we_compute(name: str) -> None:
    family, alpha, resolution, classes = FAMILY_NETWORKS[name]
    network = spec.make(family, alpha=alpha, resolution=resolution, classes=classes)
    assert amounts(networks()[name]) == amounts(works(cost.cost(spec.lower(network))))


def peer(stem: str) -> CostReport:
    from wakeling.importers import read_tflite

    return cost.cost(read_tflite(PEERS / f"{stem}.tflite").graph, runtimes=())


@needs_peers
def test_the_work_of_person_detect_is_counted_in_its_file() -> None:
    assert amounts(networks()["person_detect"]) == amounts(works(peer("person_detect")))


@needs_peers
@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("mcunet-vww0-tflite", "wakevision_mcunet-10fps_vww"),
        ("micronet-vww1", "wakevision_micronets_vww3_128_128_INT8"),
        ("micronet-vww2", "wakevision_micronets_vww3_128_128_INT8"),
    ],
)
def test_the_work_of_other_peers_is_that_of_their_files_or_scaled(name: str, stem: str) -> None:
    """MACs of each kind in the file's proportion; the scale is the same for all of them."""
    table, file = amounts(networks()[name]), amounts(works(peer(stem)))
    kinds = [key for key, values in file.items() if values[0]]
    scales = {round(table[key][0] / file[key][0], 2) for key in kinds if table[key][0] > 1000}
    assert len(scales) == 1


@needs_reference
def test_mlperf_rows_are_clock_over_inferences_a_second() -> None:
    known = {
        (row["core"], round(float(row["clock_mhz"]) * 1e6 / float(row["inferences_per_s"])))
        for row in reference("mlperf_tiny_vww")
    }
    rows = [row for row in measurements() if "inferences a second" in row.basis]
    assert len(rows) >= 20
    for row in rows:
        assert (row.core, row.amount) in known


@needs_reference
def test_emulated_rows_are_the_tables() -> None:
    known = {
        (row["target"], float(row["instructions_per_inference"])) for row in reference("emulated_baselines")
    }
    rows = {
        (row.core, row.amount)
        for row in measurements()
        if row.unit == "instructions" and row.engine != "wakeling-c"
    }
    prototype = ("Cortex-M4", 19_440_000.0)
    assert rows == known - {prototype}


def test_instructions_of_our_own_c_are_the_published_results() -> None:
    results = json.loads((Path(__file__).parents[3] / "results" / "c.json").read_text())
    measured = {
        (proof["target"], float(proof["instructions"]["median"]))
        for proof in results["proofs"]
        if proof["keep_constant_channels"]
    }
    rows = [row for row in measurements() if row.engine == "wakeling-c"]
    assert len(rows) == 15
    for row in rows:
        assert (row.core.lower().replace("+", "plus"), row.amount) in measured


@needs_reference
def test_cycles_a_mac_are_the_tables() -> None:
    known = {float(row["cycles_per_mac"]) for row in reference("engine_cycles_per_mac")}
    rows = [row for row in measurements() if "cycles a MAC" in row.basis]
    assert len(rows) >= 12
    for row in rows:
        macs = sum(work.macs for work in networks()[row.network])
        assert min(abs(row.amount / macs - value) for value in known) < 1e-3


def test_kinds_are_known() -> None:
    for found in networks().values():
        assert {work.kind for work in found} <= set(KINDS)
