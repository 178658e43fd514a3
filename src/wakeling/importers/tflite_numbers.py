"""The numbers of an imported model: an int8 model, a float32 one, or the reason why neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from wakeling.errors import GraphError
from wakeling.graph import Graph
from wakeling.importers.tflite_translation import Translation
from wakeling.quantize import model
from wakeling.quantize.float_model import FloatModel
from wakeling.quantize.model import PIXEL_FEEDS, Preprocessing, QuantizedModel

MOST_LABELS = 1 << 16
"""Outputs that get a name each; a file of a few bytes can claim millions."""

Numbers = tuple[QuantizedModel | None, FloatModel | None, str | None]


def numbers_of(
    name: str, translation: Translation, graph: Graph, description: Mapping[str, Any] | None
) -> Numbers:
    """The int8 or the float32 model of a translated file; otherwise a reason, one line."""
    outputs = math.prod(graph.shapes[graph.output])
    if outputs > MOST_LABELS:
        return None, None, f"it has {outputs} outputs; at most {MOST_LABELS} are computed with"
    labels, preprocessing = labels_of(graph, description), preprocessing_of(graph, description)
    weights, biases = translation.weights, translation.biases
    try:
        if set(graph.types.values()) == {"float32"}:
            floating = FloatModel(
                name=name,
                graph=graph,
                weights=weights,
                biases=biases,
                labels=labels,
                preprocessing=preprocessing,
            )
            return None, floating, None
        kinds = {array.dtype.name for array in weights.values()}
        if kinds - {"int8"}:
            return None, None, f"its weights are {' and '.join(sorted(kinds))}; int8 ones are computed with"
        quantized = QuantizedModel(
            name=name,
            graph=graph,
            tensors=translation.quants,
            weights=weights,
            weight_scales=translation.weight_scales,
            biases=biases,
            labels=labels,
            preprocessing=preprocessing,
        )
    except GraphError as problem:
        return None, None, str(problem)
    return quantized, None, None


def labels_of(graph: Graph, description: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The outputs' names: wakeling's own metadata, or a number each."""
    count = math.prod(graph.shapes[graph.output])
    given = description.get("labels") if description else None
    if isinstance(given, list) and len(given) == count and all(isinstance(label, str) for label in given):
        return tuple(given)
    return tuple(f"class_{index}" for index in range(count))


def preprocessing_of(graph: Graph, description: Mapping[str, Any] | None) -> Preprocessing | None:
    """What wakeling's own metadata says of the input; None in a file of another program."""
    given = description.get("preprocessing") if description else None
    if not isinstance(given, dict) or given.get("resize") != "bilinear":
        return None
    if given.get("input") != PIXEL_FEEDS.get(graph.input_type):
        return None
    resolution, channels = given.get("resolution"), given.get("channels")
    if graph.input_shape != (resolution, resolution, channels):
        return None
    return model.preprocessing_of(graph)
