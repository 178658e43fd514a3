"""Models that somebody else made, as our graph: `read_tflite` for .tflite files."""

from __future__ import annotations

from wakeling.importers.imported_model import Folded, ImportedModel
from wakeling.importers.tflite import read_tflite

__all__ = ["Folded", "ImportedModel", "read_tflite"]
