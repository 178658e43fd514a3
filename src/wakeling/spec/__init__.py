"""WHAT the network is: blocks over a square image, families of them, network files.

Lowering turns a network into the graph that everything else reads. No costs and no torch here.
"""

from __future__ import annotations

from wakeling.spec.blocks import (
    BLOCKS,
    Block,
    ClassifierHead,
    DepthwiseSeparable,
    InvertedResidual,
    StandardConv,
)
from wakeling.spec.codec import from_json, from_toml, load, to_json, to_toml
from wakeling.spec.families import FAMILIES, family_name, make
from wakeling.spec.families.published import Published, published
from wakeling.spec.network import Network, lower, with_input

__all__ = [
    "BLOCKS",
    "FAMILIES",
    "Block",
    "ClassifierHead",
    "DepthwiseSeparable",
    "InvertedResidual",
    "Network",
    "Published",
    "StandardConv",
    "family_name",
    "from_json",
    "from_toml",
    "load",
    "lower",
    "make",
    "published",
    "to_json",
    "to_toml",
    "with_input",
]
