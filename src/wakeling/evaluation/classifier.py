"""A .tflite image classifier: what it takes, what it gives, and its answers on pixels.

Any file with one image input and one vector output; LiteRT runs it in a child process.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from wakeling.errors import ModelFileError
from wakeling.evaluation.preprocessing import DEFAULT_FEEDS, ModelPreprocessing, OutputKind, resolve
from wakeling.export import metadata as file_metadata
from wakeling.export import tflite
from wakeling.export.model_file import FileTensor, only_subgraph
from wakeling.export.read_file import read_bytes, read_model_file
from wakeling.importers import read_tflite
from wakeling.verify import litert
from wakeling.verify.jobs import Kernels

Values = npt.NDArray[np.float64]

_TOLERANCE = 0.02
"""How far outside 0..1 a quantized probability may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classifier:
    """A .tflite file with its input (height, width, channels), its outputs and its preprocessing."""

    path: Path
    content: bytes
    input_shape: tuple[int, int, int]
    input_type: str
    outputs: int
    output_scale: float | None
    output_zero_point: int
    preprocessing: ModelPreprocessing

    @property
    def sha256(self) -> str:
        """The file's digest."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """The wake word's probability for each image, (N,).

    `rewritten` is what LiteRT said of the file where it refused it and ran the importer's copy.
    """

    probabilities: Values
    rewritten: str | None


def open_classifier(path: Path, *, preprocessing: Path | None = None) -> Classifier:
    """Read a .tflite file; raises ModelFileError where it is no image classifier, in one line."""
    content = read_bytes(path)
    try:
        return _read(path, content, preprocessing)
    except ModelFileError as problem:
        raise ModelFileError(f"{path}: {problem}") from None


def probabilities(
    classifier: Classifier, pixels: npt.NDArray[np.uint8], *, kernels: Kernels = "optimized"
) -> npt.NDArray[np.float64]:
    """The probabilities of `answer`."""
    return answer(classifier, pixels, kernels=kernels).probabilities


def answer(
    classifier: Classifier, pixels: npt.NDArray[np.uint8], *, kernels: Kernels = "optimized"
) -> Answers:
    """The wake word's probability for uint8 pixels (N, height, width, channels), RGB or gray.

    A file that LiteRT refuses is read by our importer and written again, and LiteRT runs that.
    Raises ModelFileError where it refuses that too, or the outputs are no probabilities.
    """
    if classifier.preprocessing.channels == "bgr":
        pixels = pixels[..., ::-1]
    raw, rewritten = _run(classifier, pixels, kernels)
    return Answers(probabilities=_read_outputs(classifier, raw), rewritten=rewritten)


def _run(
    classifier: Classifier, pixels: npt.NDArray[np.uint8], kernels: Kernels
) -> tuple[npt.NDArray[Any], str | None]:
    """The raw outputs, and why the file was written again for them, if it was."""
    feed = classifier.preprocessing.input
    try:
        return litert.run_images(classifier.content, pixels, feed=feed, kernels=kernels), None
    except ModelFileError as problem:
        refusal = problem
    try:
        model = read_tflite(classifier.content)
        numbers = model.quantized or model.floating
        if numbers is None:
            raise refusal
        content = tflite.to_bytes(numbers)
        return litert.run_images(content, pixels, feed=feed, kernels=kernels), str(refusal)
    except ModelFileError:  # what LiteRT said of the file itself is what its owner can act on
        raise ModelFileError(f"{classifier.path}: {refusal}") from None


def _read_outputs(classifier: Classifier, raw: npt.NDArray[Any]) -> Values:
    """Raw outputs (N, …) as probabilities (N,)."""
    values = raw.reshape(len(raw), -1).astype(np.float64)
    if classifier.output_scale is not None:
        values = classifier.output_scale * (values - classifier.output_zero_point)
    kind, wake_word = classifier.preprocessing.output, classifier.preprocessing.wake_word_output
    if not np.isfinite(values).all():
        raise ModelFileError(f"{classifier.path}: its outputs are not finite")
    if kind == "probabilities" and (values.min() < -_TOLERANCE or values.max() > 1 + _TOLERANCE):
        raise ModelFileError(
            f"{classifier.path}: its outputs reach from {values.min():.3g} to {values.max():.3g}, so they "
            'are no probabilities; say output = "logits" or "scores" in its preprocessing file'
        )
    return np.clip(_READERS[kind](values, wake_word), 0.0, 1.0)


def _from_probabilities(values: Values, wake_word: int) -> Values:
    return values[:, wake_word]


def _from_logits(values: Values, wake_word: int) -> Values:
    """Softmax, or the logistic function of a single output."""
    if values.shape[1] == 1:
        return 0.5 * (1 + np.tanh(values[:, 0] / 2))
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    shares: Values = exponentials[:, wake_word] / exponentials.sum(axis=1)
    return shares


def _from_scores(values: Values, wake_word: int) -> Values:
    """The lead over the best other output, squeezed into 0..1 without losing its order (softsign)."""
    others = np.delete(values, wake_word, axis=1)
    lead = values[:, wake_word] - (others.max(axis=1) if others.shape[1] else 0.0)
    squeezed: Values = 0.5 * (1 + lead / (1 + np.abs(lead)))
    return squeezed


_READERS: Mapping[OutputKind, Callable[[Values, int], Values]] = MappingProxyType(
    {"probabilities": _from_probabilities, "logits": _from_logits, "scores": _from_scores}
)


def _read(path: Path, content: bytes, given: Path | None) -> Classifier:
    file = read_model_file(content)
    graph = only_subgraph(file)
    source, target = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    shape, output_shape = source.shape, target.shape
    if len(shape) != 4 or shape[0] != 1 or shape[3] not in (1, 3) or min(shape) < 1:
        raise ModelFileError(
            f"its input has the shape {shape}; an image classifier takes (1, height, width, 1 or 3)"
        )
    if len(output_shape) < 2 or output_shape[0] != 1 or min(output_shape) < 1:
        raise ModelFileError(f"its output has the shape {output_shape}; a classifier gives (1, classes)")
    input_type = source.element
    if input_type not in DEFAULT_FEEDS:
        raise ModelFileError(f"its input is {input_type}; known: {', '.join(DEFAULT_FEEDS)}")
    scale, zero_point = _quantization(target)
    outputs = int(np.prod(output_shape))
    return Classifier(
        path=path,
        content=content,
        input_shape=(shape[1], shape[2], shape[3]),
        input_type=input_type,
        outputs=outputs,
        output_scale=scale,
        output_zero_point=zero_point,
        preprocessing=resolve(
            model=path,
            given=given,
            metadata=file_metadata.read(content),
            dtype=input_type,
            channels=shape[3],
            outputs=outputs,
        ),
    )


def _quantization(tensor: FileTensor) -> tuple[float | None, int]:
    """Scale and zero point of an output; no scale where it is a float."""
    if tensor.element == "float32":
        return None, 0
    if tensor.quantization is None:
        raise ModelFileError("its output is an integer without a scale")
    scale = float(tensor.quantization.scales[0])
    if not (math.isfinite(scale) and scale > 0):
        raise ModelFileError(f"its output has the scale {scale}")
    return scale, int(tensor.quantization.zero_points[0])
