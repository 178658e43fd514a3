"""A model as a .tflite file, straight from its graph: an int8 model, or a float32 one.

Our own int8 models have int8 in and out, per-channel convolution weights and int32 biases. The same
model gives the same bytes. How each operator is written is in `export.operators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wakeling import files
from wakeling.export import metadata as file_metadata
from wakeling.export.contents import Contents
from wakeling.export.schema import FILE_IDENTIFIER, schema
from wakeling.graph import INPUT
from wakeling.quantize.float_model import FloatModel
from wakeling.quantize.model import QuantizedModel

Model = QuantizedModel | FloatModel


def write(path: Path, model: Model, *, metadata: Mapping[str, Any] | None = None) -> bytes:
    """Write the model to `path` atomically and return the bytes; see `to_bytes`."""
    content = to_bytes(model, metadata=metadata)
    files.write_bytes(path, content)
    return content


def to_bytes(model: Model, *, metadata: Mapping[str, Any] | None = None) -> bytes:
    """The .tflite file of a model.

    `metadata` is added to what `export.metadata.describe` records. Tensors have the names of the
    graph's tensors, weights and biases those of `graph.weight_key`. Raises UnsupportedOpError for
    an operator without an entry, MissingDependencyError without the schema.
    """
    schema()  # raises where flatbuffers is missing, before it is imported below
    from wakeling.export.sharing_builder import SharingBuilder

    contents = Contents(model)
    contents.add_activation(INPUT)
    for node in model.graph.nodes:
        contents.add_node(node)
    description = file_metadata.describe(model, metadata)
    contents.add_metadata("min_runtime_version", contents.runtime_version().ljust(16, "\0").encode())
    contents.add_metadata(file_metadata.NAME, file_metadata.to_bytes(description))
    builder = SharingBuilder(1 << 16)
    builder.Finish(contents.model_table().Pack(builder), FILE_IDENTIFIER)
    return bytes(builder.Output())
