"""Compares every runtime with the golden interpreter: all outputs, and tensor by tensor.

Outputs are compared on every image; every tensor on the first `TENSOR_IMAGES` of them (the extreme
images among these), and on the first image whose outputs differ.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wakeling.errors import DataError, MissingDependencyError, ModelFileError
from wakeling.export.read_file import read_model_file
from wakeling.graph import Graph
from wakeling.ops import operator_name
from wakeling.quantize import golden
from wakeling.quantize.golden import KERNELS, KernelTable
from wakeling.quantize.kernels import Values
from wakeling.quantize.litert_kernels import LITERT_DIFFERENCES
from wakeling.quantize.model import QuantizedModel
from wakeling.verify.images import extreme_images, trial_inputs
from wakeling.verify.jobs import Job, Outcome, Runtime
from wakeling.verify.process import PACKAGES, run_job
from wakeling.verify.report import NAMES, TensorDifference, VerificationReport, Witness

TENSOR_IMAGES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDifference:
    """Known differences of a runtime and the golden kernels that imitate them."""

    names: tuple[str, ...]
    kernels: KernelTable


NAMED_DIFFERENCES: Mapping[Runtime, Mapping[str, KernelTable]] = {"litert": LITERT_DIFFERENCES}


def explanations(runtime: Runtime, graph: Graph) -> tuple[NamedDifference, ...]:
    """What may explain a runtime's results on a graph: each known difference alone, then all together.

    Only those whose operator occurs in the graph.
    """
    operators = {type(node.op) for node in graph.nodes}
    known = {
        name: table for name, table in NAMED_DIFFERENCES.get(runtime, {}).items() if operators & set(table)
    }
    groups: list[tuple[str, ...]] = [(name,) for name in known]
    if len(known) > 1:
        groups.append(tuple(known))
    return tuple(
        NamedDifference(
            names=names,
            kernels={
                **KERNELS,
                **{op: kernel for name in names for op, kernel in known[name].items()},
            },
        )
        for names in groups
    )


def verify(
    model: QuantizedModel,
    content: bytes,
    images: npt.NDArray[np.uint8],
    *,
    tensor_images: int = TENSOR_IMAGES,
    tensors: Mapping[str, int] | None = None,
) -> VerificationReport:
    """Compare golden with TFLM (bit for bit) and LiteRT's reference kernels.

    `content` is the .tflite file of `model`, `images` are uint8 (N, height, width, channels);
    eight extreme images are put before them. A runtime that is not installed is "not measured".
    For a file that another program wrote, `tensors` says which of its tensors each of the model's is
    (those without one are not compared), and a runtime that refuses the file is "not measured" too.
    Raises DataError for images that do not fit the model, ModelFileError for a file whose tensors
    are not the model's, or that one of the runtimes refuses.
    """
    shape = model.graph.input_shape
    if images.dtype != np.uint8 or images.shape[1:] != shape or len(shape) != 3:
        raise DataError(f"verifying takes uint8 images (N, {shape}); given {images.dtype} {images.shape}")
    height, width, channels = shape
    pixels = np.concatenate([extreme_images((height, width, channels)), images])
    inputs = trial_inputs(model, pixels)
    indices = tensor_indices(model, content) if tensors is None else tensors
    reference = make_reference(model, inputs, min(tensor_images, len(inputs)), None)
    may_refuse = tensors is not None
    heard = {
        runtime: _hear(runtime, content, reference, indices, may_refuse=may_refuse) for runtime in PACKAGES
    }
    return VerificationReport(
        model=model.name,
        content_hash=model.content_hash,
        file_bytes=len(content),
        file_sha256=hashlib.sha256(content).hexdigest(),
        images=len(inputs),
        witnesses=tuple(witness for witness, _ in heard.values()),
        arena=next((outcome.arena for _, outcome in heard.values() if outcome and outcome.arena), None),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reference:
    """What golden computes: all outputs, and all tensors of the first images."""

    model: QuantizedModel
    inputs: Values
    named: NamedDifference | None
    outputs: Values
    tensors: Mapping[str, Values]
    tensor_images: int


def make_reference(
    model: QuantizedModel, inputs: Values, tensor_images: int, named: NamedDifference | None
) -> Reference:
    """Run golden on inputs of the model's type, with the kernels of `named` where one is given."""
    kernels = named.kernels if named else None
    return Reference(
        model=model,
        inputs=inputs,
        named=named,
        outputs=golden.run(model, inputs, kernels=kernels),
        tensors=golden.run_all(model, inputs[:tensor_images], kernels=kernels) if tensor_images else {},
        tensor_images=tensor_images,
    )


def tensor_indices(model: QuantizedModel, content: bytes) -> dict[str, int]:
    """The index in the file of every tensor that a node makes; raises ModelFileError if one lacks."""
    file = read_model_file(content)
    tensors = file.subgraphs[0].tensors if file.subgraphs else ()
    found = {tensor.name: index for index, tensor in enumerate(tensors)}
    lacking = [node.name for node in model.graph.nodes if node.name not in found]
    if lacking:
        raise ModelFileError(f"the .tflite file is not this model's: it has no tensor {lacking[0]!r}")
    return {node.name: found[node.name] for node in model.graph.nodes}


def _hear(
    runtime: Runtime,
    content: bytes,
    reference: Reference,
    indices: Mapping[str, int],
    *,
    may_refuse: bool,
) -> tuple[Witness, Outcome | None]:
    """Run one runtime and compare it with golden, then with the named difference it may have."""
    job = Job(
        content=content,
        images=reference.inputs,
        tensors=tuple(indices.values()),
        tensor_images=reference.tensor_images,
        measure_arena=runtime == "tflm",
    )
    try:
        outcome = run_job(runtime, job)
    except (MissingDependencyError, ModelFileError) as problem:
        if isinstance(problem, ModelFileError) and not may_refuse:
            raise
        missing = Witness(name=NAMES[runtime], version=None, status="not measured", reason=str(problem))
        return missing, None
    witness = compare(runtime, reference, reference, indices, outcome)
    if witness.status == "agree":
        return witness, outcome
    for named in explanations(runtime, reference.model.graph):
        imitation = make_reference(reference.model, reference.inputs, reference.tensor_images, named)
        explained = compare(runtime, reference, imitation, indices, outcome)
        if explained.status == "agree":
            return explained, outcome
    if witness.first_difference is None:
        witness = _localized(runtime, content, reference, indices, outcome, witness)
    return witness, outcome


def compare(
    runtime: Runtime,
    reference: Reference,
    expected: Reference,
    indices: Mapping[str, int],
    outcome: Outcome,
) -> Witness:
    """A runtime's outcome: its distance from `reference`, and whether it is all as `expected`."""
    differing, largest = _output_difference(reference.outputs, outcome.outputs)
    unexplained, _ = _output_difference(expected.outputs, outcome.outputs)
    found = {name: outcome.tensors[index] for name, index in indices.items() if index in outcome.tensors}
    first = first_difference(expected.model, expected.tensors, found)
    return Witness(
        name=NAMES[runtime],
        version=importlib.metadata.version(PACKAGES[runtime][1]),
        status="differ" if len(unexplained) or first else "agree",
        images=len(reference.inputs),
        differing_images=len(differing),
        largest_difference=largest,
        tensors=len(outcome.tensors),
        tensor_images=expected.tensor_images,
        named_differences=expected.named.names if expected.named else (),
        first_difference=first,
        unit="last places" if reference.outputs.dtype.kind == "f" else "steps",
    )


def first_difference(
    model: QuantizedModel,
    expected: Mapping[str, Values],
    found: Mapping[str, Values],
) -> TensorDifference | None:
    """The first tensor in execution order that differs, on the first image where it does."""
    for node in model.graph.nodes:
        if node.name not in found or node.name not in expected:
            continue
        gaps = _gaps(expected[node.name], found[node.name])
        if gaps.any():
            image = int(np.flatnonzero(gaps.any(axis=1))[0])
            return TensorDifference(
                tensor=node.name,
                operator=operator_name(node.op),
                image=image,
                differing_values=int((gaps[image] > 0).sum()),
                values=int(gaps[image].size),
                largest=int(gaps[image].max()),
            )
    return None


def _localized(
    runtime: Runtime,
    content: bytes,
    reference: Reference,
    indices: Mapping[str, int],
    outcome: Outcome,
    witness: Witness,
) -> Witness:
    """The witness with the first differing tensor of the first image whose outputs differ."""
    number = int(_output_difference(reference.outputs, outcome.outputs)[0][0])
    image = reference.inputs[number : number + 1]
    job = Job(content=content, images=image, tensors=tuple(indices.values()), tensor_images=1)
    tensors = run_job(runtime, job).tensors
    found = {name: tensors[index] for name, index in indices.items() if index in tensors}
    first = first_difference(reference.model, golden.run_all(reference.model, image), found)
    located = None if first is None else dataclasses.replace(first, image=number)
    return dataclasses.replace(witness, first_difference=located)


def _output_difference(expected: Values, found: Values) -> tuple[npt.NDArray[np.int64], int]:
    """Numbers of the images whose outputs differ, and the largest difference."""
    gaps = _gaps(expected, found)
    return np.flatnonzero(gaps.any(axis=1)), int(gaps.max(initial=0))


def _gaps(expected: Values, found: Values) -> npt.NDArray[np.int64]:
    """How far two tensors of a batch are apart, (N, values): in units, or in floats' last places."""
    wanted = _in_units(expected).reshape(len(expected), -1)
    gaps: npt.NDArray[np.int64] = np.abs(
        _in_units(found.astype(expected.dtype)).reshape(wanted.shape) - wanted
    )
    return gaps


def _in_units(values: Values) -> npt.NDArray[np.int64]:
    """Integers as they are; a float's number when all floats are counted in their order."""
    if values.dtype.kind != "f":
        return values.astype(np.int64)
    bits = np.ascontiguousarray(values, np.float32).view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
