"""Reads a .tflite file that somebody else made into our graph, with its weights and scales.

Reading the bytes safely is in `export.read_file`; what each operator means in `tflite_layers` and
`tflite_shapes`; constants that operators compute in `tflite_folding`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wakeling.errors import GraphError, ModelFileError, UnsupportedModelError
from wakeling.export import metadata as file_metadata
from wakeling.export.model_file import ModelFile, Subgraph, only_subgraph
from wakeling.export.read_file import read_bytes, read_model_file
from wakeling.importers.imported_model import ImportedModel
from wakeling.importers.tflite_folding import Folding
from wakeling.importers.tflite_layers import LAYERS, Translator
from wakeling.importers.tflite_numbers import numbers_of
from wakeling.importers.tflite_shapes import SHAPES
from wakeling.importers.tflite_translation import Translation

TRANSLATORS: Mapping[str, Translator] = MappingProxyType({**LAYERS, **SHAPES})
"""Every operator that is read, by TFLite's name; some others are folded into constants."""

OPTION_TABLES: Mapping[str, int] = MappingProxyType(
    {
        "CONV_2D": 1,
        "DEPTHWISE_CONV_2D": 2,
        "AVERAGE_POOL_2D": 5,
        "MAX_POOL_2D": 5,
        "FULLY_CONNECTED": 8,
        "SOFTMAX": 9,
        "CONCATENATION": 10,
        "ADD": 11,
        "RESHAPE": 17,
        "MUL": 21,
        "MEAN": 27,
        "REDUCE_PROD": 27,
        "SUB": 28,
        "SQUEEZE": 30,
        "STRIDED_SLICE": 32,
    }
)
"""The kind of options (the schema's `BuiltinOptions`) of every operator whose options are read."""


def read_tflite(source: Path | str | bytes) -> ImportedModel:
    """The model in a .tflite file, given as its path or its bytes.

    Raises UnsupportedModelError with every operator of the file that is not read, and
    ModelFileError, one line, where the file is damaged or says what our graph cannot.
    """
    if isinstance(source, bytes):
        return _read(source, "model")
    path = Path(source)
    content = read_bytes(path)
    try:
        return _read(content, path.stem)
    except UnsupportedModelError as problem:
        raise UnsupportedModelError(problem.operators, str(path)) from None
    except ModelFileError as problem:
        raise ModelFileError(f"{path}: {problem}") from None


def _read(content: bytes, name: str) -> ImportedModel:
    file = read_model_file(content)
    graph = only_subgraph(file)
    description = _description(file)
    if description is not None and isinstance(description.get("name"), str):
        name = description["name"]
    _check_options(graph)
    folding = Folding(file, graph)
    counts = Counter(operator.name for operator in graph.operators)
    _check_known(graph, folding)
    translation = _translate(name, file, graph, folding)
    try:
        built = translation.builder.build(translation.target())
    except GraphError as problem:
        raise ModelFileError(str(problem)) from None
    quantized, floating, reason = numbers_of(name, translation, built, description)
    return ImportedModel(
        name=name,
        graph=built,
        quantized=quantized,
        floating=floating,
        unquantized_reason=reason,
        tensor_names={own: graph.tensors[index].name for own, index in translation.indices.items()},
        tensor_indices=dict(translation.indices),
        file_bytes=file.size_bytes,
        operator_counts=dict(counts),
        folded=tuple(sorted((*folding.folded.values(), *translation.folded), key=lambda entry: entry.number)),
        metadata_names=tuple(file.metadata),
        description=description,
    )


def _description(file: ModelFile) -> Mapping[str, Any] | None:
    text = file.metadata.get(file_metadata.NAME)
    return None if text is None else file_metadata.parse(text)


def _check_options(graph: Subgraph) -> None:
    """Options of another kind than the operator's would be read as nonsense."""
    for number, operator in enumerate(graph.operators):
        wanted = OPTION_TABLES.get(operator.name)
        if wanted is not None and operator.options is not None and operator.options_type != wanted:
            raise ModelFileError(
                f"operator {number} ({operator.name}) has options of kind {operator.options_type}; "
                f"its own are {wanted}"
            )


def _check_known(graph: Subgraph, folding: Folding) -> None:
    """Raises UnsupportedModelError with every operator that is neither read nor folded."""
    unknown = Counter(
        operator.name
        for number, operator in enumerate(graph.operators)
        if operator.name not in TRANSLATORS and number not in folding.folded
    )
    if unknown:
        raise UnsupportedModelError(unknown)


def _translate(name: str, file: ModelFile, graph: Subgraph, folding: Folding) -> Translation:
    try:
        translation = Translation(name, file, graph, folding.constants)
    except GraphError as problem:
        raise ModelFileError(str(problem)) from None
    for number, operator in enumerate(graph.operators):
        if number in folding.folded:
            continue
        translation.number = number
        try:
            TRANSLATORS[operator.name](translation, operator)
        except (GraphError, ModelFileError) as problem:
            raise ModelFileError(f"operator {number} ({operator.name}): {problem}") from None
    return translation
