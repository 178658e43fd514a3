"""The networks that everyone knows, as graphs, with what was published about them.

One file a family, in the small vocabulary of `zoo.layers`; no weights, no costs and no torch here.
"""

from __future__ import annotations

from wakeling.zoo.catalog import NETWORKS, Counting, Facts, ZooEntry, build, zoo_name

__all__ = ["NETWORKS", "Counting", "Facts", "ZooEntry", "build", "zoo_name"]
