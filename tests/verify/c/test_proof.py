"""Proofs of random models: agreement, planted mistakes, and what the report says."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.verify.c.hand_models import objects
from wakeling import spec
from wakeling.cost.counts import count
from wakeling.errors import RunError, TargetError
from wakeling.export.c import CompiledModel, compile_model, target_of
from wakeling.fuse import fuse
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_images, random_model
from wakeling.verify.c.emulators import emulator_of
from wakeling.verify.c.proof import prove, prove_compiled
from wakeling.verify.c.proof_report import CProof, Spread, from_json
from wakeling.verify.images import extreme_images

MODEL = random_model(4)


def images_of(model: QuantizedModel) -> np.ndarray:
    height, width, channels = model.graph.input_shape
    return np.concatenate([extreme_images((height, width, channels)), random_images(model, 2, 1)])


def proof_of(compiled: CompiledModel, core: str = "cortex-m4", emulator: str | None = None) -> CProof:
    return prove_compiled(
        compiled,
        images_of(compiled.original),
        emulator=emulator_of(target_of(core), emulator, None),
        folder=objects(),
    )


def compiled_for(core: str, **options: bool) -> CompiledModel:
    return compile_model(MODEL, target_of(core), **options)


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m7"])
def test_a_proof_agrees_and_measures(core: str) -> None:
    compiled = compiled_for(core, keep_constant_channels=True)
    proof = proof_of(compiled, core)
    assert proof.agrees
    assert proof.difference is None
    assert proof.images == 10
    assert "bit for bit" in proof.summary
    assert [layer.tensor for layer in proof.layers] == [event.tensor for event in compiled.events]
    graph = MODEL.graph
    assert proof.macs == sum(count(n.op, graph.shapes[n.inputs[0]], n.shape).macs for n in graph.nodes)
    assert proof.arena_bytes == compiled.plan.peak_bytes
    assert proof.bytes_compared == proof.images * sum(event.bytes for event in compiled.events)
    assert proof.instructions is not None
    layers = [layer.instructions.median for layer in proof.layers if layer.instructions is not None]
    assert len(layers) == len(proof.layers)
    # a traced layer has its trace call's few instructions on top
    assert 0 <= sum(layers) - proof.instructions.median <= 12 * len(layers)
    assert proof.flash_bytes is not None
    assert proof.table_bytes < proof.flash_bytes < proof.table_bytes + 40_000
    assert proof.data_bytes == 0
    assert proof.stack_bytes is not None
    assert 40 < proof.stack_bytes < 2000
    assert proof.ram_bytes == proof.arena_bytes + proof.stack_bytes


def test_two_proofs_of_a_model_are_the_same() -> None:
    first, second = (proof_of(compiled_for("cortex-m4")) for _ in range(2))
    assert first == second


def test_a_proof_round_trips_through_json() -> None:
    proof = proof_of(compiled_for("cortex-m4"))
    assert from_json(json.loads(json.dumps(proof.to_json()))) == proof
    with pytest.raises(RunError, match="this version reads"):
        from_json({"format": "something/9"})
    with pytest.raises(RunError, match="malformed"):
        from_json({**proof.to_json(), "layers": [{}]})


def table_of(files: Mapping[str, str], name: str) -> tuple[str, re.Match[str]]:
    """The file with a table of weights, and its first value."""
    for file, text in files.items():
        found = re.search(rf"\b{name}\[\d+\] = {{\s*(-?\d+)", text)
        if found is not None:
            return file, found
    raise AssertionError(f"no table {name}")


def broken(compiled: CompiledModel, table: str) -> CompiledModel:
    """The same C with the first value of a table changed."""
    file, found = table_of(compiled.files, table)
    text = compiled.files[file]
    value = int(found[1])
    changed = text[: found.start(1)] + str(value - 90 if value > 0 else value + 90) + text[found.end(1) :]
    return dataclasses.replace(compiled, files={**compiled.files, file: changed})


@pytest.mark.parametrize("emulator", ["unicorn", "host"])
@pytest.mark.parametrize("number", [1, 16])
def test_a_wrong_weight_is_caught_and_its_layer_named(number: int, emulator: str) -> None:
    """The first convolution and the dense layer near the end, in portable C, whose weights are plain."""
    compiled = compiled_for("portable", keep_constant_channels=True)
    tensor = next(layer.node.name for layer in compiled.program.layers if layer.step == number)
    proof = proof_of(broken(compiled, f"model_layer_{number}_weights"), emulator=emulator)
    assert not proof.agrees
    assert proof.difference is not None
    assert proof.difference.tensor == tensor
    assert proof.difference.number == number
    assert 0 < proof.difference.differing_values <= proof.difference.values
    assert f"layer {number}, {tensor!r}" in proof.summary
    assert "differ on image" in proof.summary


def test_a_wrong_answer_of_the_plain_build_alone_is_caught() -> None:
    """A mistake that only a build without trace calls makes."""
    compiled = compiled_for("cortex-m4")
    text = compiled.files["model.c"]
    at = text.rindex("}")
    spoiled = "#ifndef WAKELING_TRACE\n    ((uint8_t *)(uintptr_t)model_output(model))[0] ^= 1;\n#endif\n"
    files = {**compiled.files, "model.c": text[:at] + spoiled + text[at:]}
    found = proof_of(dataclasses.replace(compiled, files=files)).difference
    assert found is not None
    assert "without trace calls" in found.where
    assert found.differing_values == 1


def test_portable_c_runs_on_this_computer_under_sanitizers() -> None:
    proof = proof_of(compiled_for("portable"), "portable")
    assert proof.agrees
    assert "this computer" in proof.emulator
    assert proof.instructions is None
    assert proof.instructions_per_mac is None
    assert proof.ram_bytes is None


def test_patches_are_proven_part_by_part() -> None:
    lowered = spec.lower(spec.make("mobilenet_v2", alpha=0.35, resolution=32))
    model = quantize_randomly(fuse(lowered).graph, 1)
    images = random_images(model, 2, 1)
    compiled = compile_model(model, target_of("portable"), ram_bytes=1, keep_constant_channels=True)
    assert compiled.plan.patch is not None
    proof = prove_compiled(
        compiled, images, emulator=emulator_of(target_of("cortex-m4"), None, None), folder=objects()
    )
    assert proof.agrees
    assert len(proof.layers) == len(compiled.program.layers)
    first = next(layer for layer in compiled.program.layers if layer.macs)
    found = prove_compiled(
        broken(compiled, f"model_layer_{first.step}_weights"),
        images,
        emulator=emulator_of(target_of("cortex-m4"), None, None),
        folder=objects(),
    ).difference
    assert found is not None
    assert found.tensor == first.node.name
    assert "rows" in found.where


def test_a_spread_is_least_median_and_most() -> None:
    assert Spread.of([5, 1, 9]) == Spread(least=1, median=5, most=9)
    assert Spread.of([None]) is None


def test_no_folder_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt(what: str, done: int, total: int) -> None:
        if "layer by layer" in what:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prove(MODEL, target_of("cortex-m4"), random_images(MODEL, 1, 1), progress=interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("core", "emulator", "compiler", "message"),
    [
        ("cortex-m55", "unicorn", None, "unicorn emulates .* not 'cortex-m55'"),
        ("cortex-m0plus", "qemu", None, "QEMU has boards with .* not with 'cortex-m0plus'"),
        ("cortex-m55", "host", None, "uses Helium"),
        ("cortex-m4", "host", "zig", "leave --compiler out"),
        ("cortex-m4", "unicron", None, "unknown emulator 'unicron'; known: unicorn"),
        ("cortex-m4", None, "gc", "unknown compiler 'gc'; known: gcc"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    core: str, emulator: str | None, compiler: str | None, message: str
) -> None:
    with pytest.raises(TargetError, match=message):
        emulator_of(target_of(core), emulator, compiler)
