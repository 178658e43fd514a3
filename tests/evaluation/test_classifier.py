"""Any .tflite classifier: ours beside the golden interpreter, others, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.export.rewriting import changed
from wakeling import spec
from wakeling.errors import ModelFileError
from wakeling.evaluation.classifier import _READERS, answer, open_classifier, probabilities
from wakeling.export import tflite
from wakeling.export.schema import schema
from wakeling.fuse import fuse
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel
from wakeling.testing.random_models import quantize_randomly, random_images, random_model

PEERS = Path(__file__).parents[2].parent / "shared" / "peers"
EXAMPLES = Path(__file__).parents[2] / "examples" / "peers"


def network(channels: int = 3) -> QuantizedModel:
    made = spec.make("mobilenet_v1", alpha=0.25, resolution=32, channels=channels)
    return quantize_randomly(fuse(spec.lower(made)).graph, 3)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kernels", ["reference", "optimized"])
def test_our_own_file_answers_as_the_golden_interpreter(channels: int, kernels: Any, tmp_path: Path) -> None:
    model = network(channels)
    path = tmp_path / "model.tflite"
    tflite.write(path, model)
    classifier = open_classifier(path)
    assert classifier.input_shape == (32, 32, channels)
    assert classifier.preprocessing.origin == "the model's metadata"
    pixels = random_images(model, 20, 1)
    found = probabilities(classifier, pixels, kernels=kernels)
    steps = np.abs(found - golden.probabilities(model, pixels)).max() * 256
    assert steps <= (1 if kernels == "reference" else 8)  # only the reference kernels are exact


def test_the_wake_words_output_and_the_channel_order_are_heeded(tmp_path: Path) -> None:
    model = network()
    path = tmp_path / "model.tflite"
    tflite.write(path, model)
    pixels = random_images(model, 6, 1)
    straight = probabilities(open_classifier(path), pixels)
    (tmp_path / "model.preprocessing.toml").write_text('input = "minus128"\nwake_word_output = 0\n')
    other = probabilities(open_classifier(path), pixels)
    np.testing.assert_allclose(straight + other, 1, atol=1 / 128)
    (tmp_path / "model.preprocessing.toml").write_text('input = "minus128"\nchannels = "bgr"\n')
    np.testing.assert_array_equal(probabilities(open_classifier(path), pixels[..., ::-1]), straight)


def test_uint8_files_are_read_with_their_zero_point(tmp_path: Path) -> None:
    """The same integers seen as uint8: input and output zero points move by 128."""
    model = network()

    def to_uint8(file: Any) -> None:
        graph = file.subgraphs[0]
        for index in (graph.inputs[0], graph.outputs[0]):
            tensor = graph.tensors[index]
            tensor.type = schema().TensorType.UINT8
            tensor.quantization.zeroPoint = np.array([int(tensor.quantization.zeroPoint[0]) + 128])

    path = tmp_path / "model.tflite"
    path.write_bytes(changed(tflite.to_bytes(model), to_uint8))
    classifier = open_classifier(path, preprocessing=EXAMPLES / "colabnas_k_2_c_3.preprocessing.toml")
    assert classifier.input_type == "uint8"
    assert (classifier.output_scale, classifier.output_zero_point) == (1 / 256, 0)


def broken_files() -> dict[str, tuple[bytes, str]]:
    content = tflite.to_bytes(network())

    def subgraph(change: Any) -> bytes:
        return changed(content, lambda file: change(file.subgraphs[0]))

    def input_shape(*shape: int) -> bytes:
        def change(graph: Any) -> None:
            graph.tensors[graph.inputs[0]].shape = np.array(shape, np.int32)

        return subgraph(change)

    def two_inputs(graph: Any) -> None:
        graph.inputs = np.array([0, 1], np.int32)

    def no_outputs(graph: Any) -> None:
        graph.outputs = None

    def wild_output(graph: Any) -> None:
        graph.outputs = np.array([9999], np.int32)

    def strings(graph: Any) -> None:
        graph.tensors[graph.inputs[0]].type = schema().TensorType.STRING

    def no_scale(graph: Any) -> None:
        graph.tensors[graph.outputs[0]].quantization = None

    def second_subgraph(file: Any) -> None:
        file.subgraphs.append(file.subgraphs[0])

    return {
        "empty": (b"", "not a .tflite file"),
        "an image": (b"\xff\xd8\xff\xe0" + bytes(100), "not a .tflite file"),
        "truncated": (content[: len(content) // 3], "damaged|LiteRT"),
        "two inputs": (subgraph(two_inputs), "2 inputs"),
        "no outputs": (subgraph(no_outputs), "0 outputs"),
        "an output that is no tensor": (subgraph(wild_output), "damaged"),
        "a vector in": (input_shape(1, 100), "input has the shape"),
        "a batch in": (input_shape(4, 32, 32, 3), "input has the shape"),
        "four channels": (input_shape(1, 32, 32, 4), "input has the shape"),
        "strings in": (subgraph(strings), "input is string"),
        "no output scale": (subgraph(no_scale), "without a scale"),
        "two subgraphs": (changed(content, second_subgraph), "2 subgraphs"),
    }


@pytest.mark.parametrize("what", broken_files())
def test_what_is_no_image_classifier_gives_one_line(what: str, tmp_path: Path) -> None:
    content, message = broken_files()[what]
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    pixels = random_images(network(), 1, 0)
    with pytest.raises(ModelFileError, match=message) as raised:
        probabilities(open_classifier(path), pixels)
    assert "\n" not in str(raised.value)
    assert "model.tflite" in str(raised.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="does not exist"):
        open_classifier(tmp_path / "none.tflite")
    with pytest.raises(ModelFileError, match="folder"):
        open_classifier(tmp_path)


def logits_file(path: Path) -> QuantizedModel:
    """A model that ends before its softmax."""
    seed = next(
        seed for seed in range(50) if random_model(seed).graph.nodes[-1].op.__class__.__name__ == "Dense"
    )
    model = random_model(seed)
    tflite.write(path, model)
    return model


def test_outputs_that_are_no_probabilities_are_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    model = logits_file(path)
    pixels = random_images(model, 30, 0)
    with pytest.raises(ModelFileError, match="no probabilities"):
        probabilities(open_classifier(path), pixels)
    answers = {}
    for kind in ("logits", "scores"):
        (tmp_path / "model.preprocessing.toml").write_text(f'input = "minus128"\noutput = "{kind}"\n')
        answers[kind] = probabilities(open_classifier(path), pixels)
        assert ((answers[kind] >= 0) & (answers[kind] <= 1)).all()
    assert len(np.unique(answers["logits"])) > 5


def test_logits_become_softmax_and_scores_keep_their_order() -> None:
    values = np.array([[0.0, 1.0], [2.0, 2.0], [5e4, -5e4], [-5e4, 5e4], [0.0, 5.1e4]])
    logits = _READERS["logits"](values, 1)
    assert logits[0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert logits[1] == 0.5
    scores = _READERS["scores"](values, 1)
    assert scores[1] == 0.5
    assert (np.argsort(scores) == [2, 1, 0, 4, 3]).all()
    assert len(np.unique(scores)) == 5
    single = np.array([[-2.0], [0.0], [3.0]])
    assert _READERS["logits"](single, 0) == pytest.approx(1 / (1 + np.exp(-single[:, 0])))
    assert (np.diff(_READERS["scores"](single, 0)) > 0).all()


@pytest.mark.parametrize("path", sorted(PEERS.glob("*.tflite")), ids=lambda path: path.stem)
def test_published_files_run_as_they_are_or_as_the_importers_copy(path: Path) -> None:
    classifier = open_classifier(path, preprocessing=EXAMPLES / f"{path.stem}.preprocessing.toml")
    pixels = np.random.default_rng(0).integers(0, 256, (2, *classifier.input_shape), np.uint8)
    found = answer(classifier, pixels)
    assert found.probabilities.shape == (2,)
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    refused = path.stem == "person_detect"  # its biases carry quantized_dimension 3
    assert (found.rewritten is not None) == refused


def test_a_file_that_litert_refuses_is_answered_by_the_importers_copy(tmp_path: Path) -> None:
    """Biases that name a quantized dimension they do not have, as in TFLM's person_detect.tflite."""

    def misname(file: Any) -> None:
        for tensor in file.subgraphs[0].tensors:
            if tensor.name.endswith(b"/bias"):
                tensor.quantization.quantizedDimension = 3

    model = network()
    path = tmp_path / "model.tflite"
    path.write_bytes(changed(tflite.to_bytes(model), misname))
    pixels = random_images(model, 6, 1)
    found = answer(open_classifier(path), pixels, kernels="reference")
    assert "quantized_dimension must be in range" in str(found.rewritten)
    tflite.write(tmp_path / "plain.tflite", model)
    plain = answer(open_classifier(tmp_path / "plain.tflite"), pixels, kernels="reference")
    assert plain.rewritten is None
    np.testing.assert_array_equal(found.probabilities, plain.probabilities)


def test_a_file_that_the_importer_refuses_too_gives_what_litert_said(tmp_path: Path) -> None:
    def unknown(file: Any) -> None:
        file.operatorCodes[0].builtinCode = 150

    path = tmp_path / "model.tflite"
    path.write_bytes(changed(tflite.to_bytes(network()), unknown))
    with pytest.raises(ModelFileError, match=r"model\.tflite: LiteRT refuses this model"):
        answer(open_classifier(path), random_images(network(), 2, 1))
