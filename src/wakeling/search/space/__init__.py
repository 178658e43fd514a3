"""WHAT may be chosen: parameters, points, and the networks that they stand for.

Spaces are data (`ready/*.toml`); which of their points fit a board is in `domain`.
"""

from __future__ import annotations

from wakeling.search.space.codec import (
    from_json,
    from_toml,
    load_space,
    ready_spaces,
    ready_toml,
    to_json,
    to_toml,
)
from wakeling.search.space.grid import GridSpace
from wakeling.search.space.point import Parameter, Point, Space, Value, point_of, size_of, values_of
from wakeling.search.space.staged import Head, Stage, StagedSpace, Stem

__all__ = [
    "GridSpace",
    "Head",
    "Parameter",
    "Point",
    "Space",
    "Stage",
    "StagedSpace",
    "Stem",
    "Value",
    "from_json",
    "from_toml",
    "load_space",
    "point_of",
    "ready_spaces",
    "ready_toml",
    "size_of",
    "to_json",
    "to_toml",
    "values_of",
]
