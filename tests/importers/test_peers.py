"""Published models: read whole, written again, and the same numbers in every runtime that takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.importers.running import images_for
from wakeling.export import tflite
from wakeling.importers import ImportedModel, read_tflite
from wakeling.quantize import golden
from wakeling.quantize.litert_kernels import LITERT_KERNELS
from wakeling.verify.jobs import Job, Outcome, Runtime
from wakeling.verify.process import run_jobs

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"
FILES = sorted(PEERS.glob("*.tflite"))
IMAGES = 2

needs_peers = pytest.mark.skipif(not FILES, reason="the published models are not here")
RUNTIMES: tuple[Runtime, ...] = ("tflm", "litert")

each = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
each_quantized = pytest.mark.parametrize(
    "path", [path for path in FILES if path.stem != "vww_96_float"], ids=lambda path: path.stem
)


def images_of(model: ImportedModel) -> npt.NDArray[Any]:
    """Noise, and the two extremes of the input's type."""
    element = model.graph.input_type
    images = images_for(model.graph.input_shape, element, IMAGES)
    if element == "float32":
        images = np.abs(images) / 8 if model.floating else np.abs(images) * 32
        low, high = 0.0, 1.0 if model.floating else 255.0
    else:
        low, high = np.iinfo(images.dtype).min, np.iinfo(images.dtype).max
    extremes = [np.full_like(images[:1], value) for value in (low, high)]
    return np.concatenate([images, *extremes])


def runs_in_litert(path: Path) -> bool:
    """LiteRT refuses person_detect.tflite: its biases name the quantized dimension 3."""
    return path.stem != "person_detect"


@needs_peers
@each
def test_a_published_model_is_read_whole(path: Path) -> None:
    model = read_tflite(path)
    assert model.unquantized_reason is None
    assert (model.floating is not None) == (path.stem == "vww_96_float")
    assert model.file_bytes == path.stat().st_size
    read = len(model.graph.nodes) + len(model.folded)
    assert sum(model.operator_counts.values()) == read
    assert set(model.tensor_indices) == {"input", *(node.name for node in model.graph.nodes)}


@pytest.fixture(scope="module")
def runs() -> dict[tuple[str, Runtime, bool], Outcome]:
    """Every file as published and written again, run by both runtimes, in one child each.

    The key is the file's stem, the runtime, and whether the file was written again; TFLM also gives
    every tensor of the first image of the published file.
    """
    outcomes: dict[tuple[str, Runtime, bool], Outcome] = {}
    for runtime in RUNTIMES:
        jobs = {}
        for path in FILES:
            model = read_tflite(path)
            numbers = model.quantized or model.floating
            assert numbers is not None
            images, indices = images_of(model), tuple(node_indices(model).values())
            if runtime == "tflm":
                jobs[path.stem, runtime, False] = Job(
                    content=path.read_bytes(), images=images, tensors=indices, tensor_images=1
                )
            elif runs_in_litert(path):
                jobs[path.stem, runtime, False] = Job(content=path.read_bytes(), images=images)
            jobs[path.stem, runtime, True] = Job(content=tflite.to_bytes(numbers), images=images)
        outcomes |= zip(jobs, run_jobs(runtime, list(jobs.values())), strict=True)
    return outcomes


def node_indices(model: ImportedModel) -> dict[str, int]:
    return {name: index for name, index in model.tensor_indices.items() if name != "input"}


@needs_peers
@each
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_published_model_written_again_gives_the_same_outputs(
    path: Path, runtime: Runtime, runs: dict[tuple[str, Runtime, bool], Outcome]
) -> None:
    again = runs[path.stem, runtime, True].outputs
    original = runs.get((path.stem, runtime, False), runs[path.stem, "tflm", False]).outputs
    np.testing.assert_array_equal(again, original)
    assert len(np.unique(again, axis=0)) > 1


@needs_peers
@each
def test_reading_what_was_written_gives_the_same_model(path: Path) -> None:
    first = read_tflite(path)
    numbers = first.quantized or first.floating
    assert numbers is not None
    content = tflite.to_bytes(numbers)
    second = read_tflite(content)
    assert second.graph == first.graph
    again = second.quantized or second.floating
    assert again is not None
    assert again.content_hash == numbers.content_hash
    assert tflite.to_bytes(again) == content


def published_macs() -> dict[str, float]:
    """The MACs in the README's table, in millions."""
    figures = {}
    for line in (PEERS / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 12 and cells[1].endswith(".tflite") and cells[11].endswith(" M"):
            figures[cells[1]] = float(cells[11].removesuffix(" M"))
    return figures


@needs_peers
def test_operations_are_those_that_the_authors_published() -> None:
    from wakeling.cost import cost

    found = published_macs()
    assert len(found) >= 4
    for name, millions in found.items():
        macs = cost(read_tflite(PEERS / name).graph).macs
        assert macs / 1e6 == pytest.approx(millions, rel=0.05), name


@needs_peers
@pytest.mark.parametrize(
    ("picture", "published", "exact"),
    [("person", [-113, 113], [-113, 113]), ("no_person", [60, -60], [57, -57])],
)
def test_tflms_test_pictures_get_the_answers_that_are_published(
    picture: str, published: list[int], exact: list[int]
) -> None:
    """The figures in the README are XNNPACK's; TFLM and the golden interpreter agree with each other."""
    content = (PEERS / f"{picture}.bmp").read_bytes()
    start = int.from_bytes(content[10:14], "little")
    image = np.frombuffer(content, np.int8, 96 * 96, start).reshape(1, 96, 96, 1)[:, ::-1]  # bottom up
    patched = (PEERS / "person_detect_qdim_patched.tflite").read_bytes()
    (fast,) = run_jobs("litert", [Job(content=patched, images=image, kernels="xnnpack")])
    assert fast.outputs.reshape(-1).tolist() == published
    original = PEERS / "person_detect.tflite"
    (plain,) = run_jobs("tflm", [Job(content=original.read_bytes(), images=image)])
    assert plain.outputs.reshape(-1).tolist() == exact
    for content in (patched, original.read_bytes()):
        model = read_tflite(content).quantized
        assert model is not None
        assert golden.run(model, image).reshape(-1).tolist() == exact


@needs_peers
@each_quantized
def test_the_golden_interpreter_computes_every_tensor_as_tflm_does(
    path: Path, runs: dict[tuple[str, Runtime, bool], Outcome]
) -> None:
    model, outcome = read_tflite(path), runs[path.stem, "tflm", False]
    assert model.quantized is not None
    expected = golden.run_all(model.quantized, images_of(model))
    outputs = expected[model.graph.output]
    np.testing.assert_array_equal(outcome.outputs.reshape(outputs.shape), outputs)
    for name, index in node_indices(model).items():
        wanted = expected[name][0]
        np.testing.assert_array_equal(outcome.tensors[index].reshape(wanted.shape), wanted, err_msg=name)


@needs_peers
@each_quantized
def test_the_golden_interpreter_with_named_differences_computes_as_litert_does(
    path: Path, runs: dict[tuple[str, Runtime, bool], Outcome]
) -> None:
    model = read_tflite(path)
    assert model.quantized is not None
    expected = golden.run(model.quantized, images_of(model), kernels=LITERT_KERNELS)
    found = runs[path.stem, "litert", True].outputs
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
