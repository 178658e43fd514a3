"""From what it learns: labeled photos, or drawn scenes, as splits of small uint8 pictures.

`open_photos` lists and checks, `pack` decodes. Importing this package does not import Pillow.
"""

from __future__ import annotations

from wakeling.data.packing import pack
from wakeling.data.photos import Example, ImageView, PackedSet, PhotoSet, Refusal
from wakeling.data.sources import open_photos
from wakeling.data.splits import assign_splits
from wakeling.data.summary import DataSummary, require_trainable, shortfalls, summarize

__all__ = [
    "DataSummary",
    "Example",
    "ImageView",
    "PackedSet",
    "PhotoSet",
    "Refusal",
    "assign_splits",
    "open_photos",
    "pack",
    "require_trainable",
    "shortfalls",
    "summarize",
]
