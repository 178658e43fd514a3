"""The trained float model: the hand-over from training to quantization. No torch here."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeling import graph as graphs
from wakeling.errors import ModelFileError, WakelingError
from wakeling.files import atomic_path
from wakeling.graph import Graph, weight_shapes
from wakeling.train import recipe as recipes
from wakeling.train.history import EpochRecord, record_from_json, record_to_json
from wakeling.train.recipe import Recipe

FORMAT = "wakeling.trained_model/1"

_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedModel:
    """A graph as trained (with its batch norms), its float32 weights and how they came about.

    `weights` are keyed and shaped as `graph.weight_key` says; `labels` are in the outputs' order.
    """

    graph: Graph
    weights: Mapping[str, NDArray[np.float32]]
    labels: tuple[str, ...]
    recipe: Recipe
    history: tuple[EpochRecord, ...]

    def save(self, path: Path) -> None:
        """Write one .npz atomically; `load` reads it."""
        header = {
            "format": FORMAT,
            "graph": graphs.to_json(self.graph),
            "labels": list(self.labels),
            "recipe": recipes.to_json(self.recipe),
            "history": [record_to_json(record) for record in self.history],
        }
        write_npz(path, header, {f"weights/{key}": array for key, array in self.weights.items()})

    @classmethod
    def load(cls, path: Path) -> TrainedModel:
        """Read what `save` wrote; raises ModelFileError for anything else."""
        try:
            header, arrays = read_npz(path)
            if header.get("format") != FORMAT:
                raise ValueError(f"its format is {header.get('format')!r}; this version reads {FORMAT!r}")
            graph = graphs.from_json(header["graph"])
            weights = {key: arrays[f"weights/{key}"] for key in weight_shapes(graph)}
            for key, shape in weight_shapes(graph).items():
                if weights[key].shape != shape or not np.isfinite(weights[key]).all():
                    raise ValueError(f"weight {key!r} must be finite and of shape {shape}")
            return cls(
                graph=graph,
                weights=weights,
                labels=tuple(header["labels"]),
                recipe=recipes.from_json(header["recipe"]),
                history=tuple(record_from_json(record) for record in header["history"]),
            )
        except FileNotFoundError:
            raise ModelFileError(f"{path} does not exist") from None
        except IsADirectoryError:
            raise ModelFileError(f"{path} is a folder; name a trained model (.npz)") from None
        except (*_DAMAGE, WakelingError) as problem:
            raise ModelFileError(f"{path} is not a trained model of wakeling: {problem}") from None


def write_npz(path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays and a JSON header as one .npz, atomically."""
    text = np.frombuffer(json.dumps(header, sort_keys=True, allow_nan=False).encode(), np.uint8)
    contents: dict[str, Any] = {"header": text, **arrays}  # Any: numpy's stub wants bools
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **contents)


def read_npz(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Header and arrays of an .npz; every byte is checked by the archive's checksums.

    Raises OSError where it cannot be opened, and one of several errors where it is damaged.
    """
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {key: archive[key] for key in archive.files}
    header = json.loads(arrays.pop("header").tobytes())
    if not isinstance(header, dict):
        raise ValueError("its header is not an object")
    return header, arrays
