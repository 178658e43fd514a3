"""An int8 model as a command is given it: an .npz, the folder of a design run, or any .tflite file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wakeling.errors import ModelFileError

if TYPE_CHECKING:
    from wakeling.pipeline.folder import RunFolder
    from wakeling.quantize.model import QuantizedModel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Int8Model:
    """The integers, and what else is known of them.

    `content` is the .tflite file (a new export where there is none), `tensors` where its tensors are if
    another program wrote it, `run` the run folder that the model came from.
    """

    model: QuantizedModel
    content: bytes
    tensors: Mapping[str, int] | None = None
    run: RunFolder | None = None


def load_int8_model(path: Path, tflite: Path | None = None, *, doing: str) -> Int8Model:
    """Read a model; `tflite` is the file to take instead of the run's own or a new export.

    `doing` says in an error what cannot be done with a file that holds no integers ("verified").
    Raises ModelFileError, one line.
    """
    from wakeling.quantize.model import QuantizedModel

    if path.suffix.lower() == ".tflite":
        if tflite is not None:
            raise ModelFileError(f"{path} is a .tflite file itself; leave --tflite out")
        return _read_file(path, doing)
    run = _run_folder(path)
    if run is not None:
        tflite = tflite or run.tflite
    if tflite is not None and not tflite.is_file():
        raise ModelFileError(f"{tflite} does not exist or is no file")
    model = QuantizedModel.load(path if run is None else run.quantized)
    return Int8Model(model=model, content=_export(model) if tflite is None else tflite.read_bytes(), run=run)


def _read_file(path: Path, doing: str) -> Int8Model:
    from wakeling.importers import read_tflite

    read = read_tflite(path)
    if read.quantized is None:
        why = read.unquantized_reason or "it computes in float32; only integers agree bit for bit"
        raise ModelFileError(f"{path} cannot be {doing}: {why}")
    return Int8Model(model=read.quantized, content=path.read_bytes(), tensors=read.tensor_indices)


def _run_folder(path: Path) -> RunFolder | None:
    from wakeling.pipeline.folder import RunFolder

    if not path.is_dir():
        return None
    folder = RunFolder(path)
    if not folder.quantized.exists():
        raise ModelFileError(f"{path} holds no {folder.quantized.name}; finish its design run first")
    return folder


def _export(model: QuantizedModel) -> bytes:
    from wakeling.export import tflite

    return tflite.to_bytes(model)
