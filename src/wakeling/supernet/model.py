"""The trained supernet: one file from which every network of its space is cut. No torch here."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeling.errors import ModelFileError, WakelingError
from wakeling.search import space as spaces
from wakeling.search.space import StagedSpace
from wakeling.search.space.codec import from_json as space_from_json
from wakeling.supernet import recipe as recipes
from wakeling.supernet.recipe import SupernetRecipe
from wakeling.train import EpochRecord
from wakeling.train.history import record_from_json, record_to_json
from wakeling.train.model import read_npz, write_npz

FORMAT = "wakeling.supernet/1"

_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainedSupernet:
    """A space, the tensors that its networks share (by their names in `sharing`), and their origin."""

    space: StagedSpace
    tensors: Mapping[str, NDArray[np.float32]]
    labels: tuple[str, ...]
    recipe: SupernetRecipe
    history: tuple[EpochRecord, ...]

    def save(self, path: Path) -> None:
        """Write one .npz atomically; `load` reads it."""
        header = {
            "format": FORMAT,
            # through text, as tuples shall be lists
            "space": json.loads(json.dumps(spaces.to_json(self.space))),
            "labels": list(self.labels),
            "recipe": recipes.to_json(self.recipe),
            "history": [record_to_json(record) for record in self.history],
        }
        write_npz(path, header, {f"shared/{name}": array for name, array in self.tensors.items()})

    @classmethod
    def load(cls, path: Path) -> TrainedSupernet:
        """Read what `save` wrote; raises ModelFileError for anything else."""
        try:
            header, arrays = read_npz(path)
            if header.get("format") != FORMAT:
                raise ValueError(f"its format is {header.get('format')!r}; this version reads {FORMAT!r}")
            return cls(
                space=space_from_json(header["space"]),
                tensors={name.removeprefix("shared/"): array for name, array in arrays.items()},
                labels=tuple(header["labels"]),
                recipe=recipes.from_json(header["recipe"]),
                history=tuple(record_from_json(record) for record in header["history"]),
            )
        except FileNotFoundError:
            raise ModelFileError(f"{path} does not exist; train a supernet first") from None
        except IsADirectoryError:
            raise ModelFileError(f"{path} is a folder; name a supernet (.npz)") from None
        except (*_DAMAGE, WakelingError) as problem:
            raise ModelFileError(f"{path} is not a supernet of wakeling: {problem}") from None
