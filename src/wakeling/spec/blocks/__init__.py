"""The blocks that networks are written in, by name.

To add one: a file here with a frozen dataclass that has `lower`, and its line in `BLOCKS`; the
suite in `wakeling.testing.block_contract` then runs on it. Nothing else changes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from wakeling.errors import SpecError, unknown_name
from wakeling.spec.blocks.block import Block
from wakeling.spec.blocks.classifier_head import ClassifierHead
from wakeling.spec.blocks.depthwise_separable import DepthwiseSeparable
from wakeling.spec.blocks.inverted_residual import InvertedResidual
from wakeling.spec.blocks.standard_conv import StandardConv

__all__ = [
    "BLOCKS",
    "Block",
    "ClassifierHead",
    "DepthwiseSeparable",
    "InvertedResidual",
    "StandardConv",
    "block_from_json",
    "block_to_json",
]

BLOCKS: Mapping[str, type[Block]] = MappingProxyType(
    {
        "standard_conv": StandardConv,
        "depthwise_separable": DepthwiseSeparable,
        "inverted_residual": InvertedResidual,
        "classifier_head": ClassifierHead,
    }
)
"""Every block by its name in network files."""


def block_to_json(block: Block) -> dict[str, Any]:
    """A block as one line of a network file: its name under `block`, then its attributes.

    A switch that is at its default is left out.
    """
    names = {cls: name for name, cls in BLOCKS.items()}
    if type(block) not in names:
        raise SpecError(f"block {type(block).__name__} is not registered in BLOCKS")
    attributes = {field.name: getattr(block, field.name) for field in dataclasses.fields(block)}
    usual = {field.name for field in dataclasses.fields(block) if attributes[field.name] is field.default}
    switches = {name for name, value in attributes.items() if isinstance(value, bool)}
    written = {name: value for name, value in attributes.items() if name not in usual & switches}
    return {"block": names[type(block)], **written}


def block_from_json(value: Mapping[str, Any], where: str = "block") -> Block:
    """The inverse of `block_to_json`; raises SpecError that starts with `where`."""
    if not isinstance(value, Mapping) or not isinstance(value.get("block"), str):
        raise SpecError(f"{where} must be a table with the key 'block', one of {', '.join(BLOCKS)}")
    name = value["block"]
    if name not in BLOCKS:
        raise SpecError(f"{where}: {unknown_name('block', name, BLOCKS)}")
    attributes = {key: item for key, item in value.items() if key != "block"}
    fields = {field.name: field for field in dataclasses.fields(BLOCKS[name])}
    for key in attributes:
        if key not in fields:
            raise SpecError(f"{where} ({name}): {unknown_name('key', key, fields)}")
    for key, field in fields.items():
        if field.default is dataclasses.MISSING and key not in attributes:
            raise SpecError(f"{where} ({name}) lacks the key {key!r}")
    try:
        return BLOCKS[name](**attributes)
    except SpecError as error:
        raise SpecError(f"{where} ({name}): {error}") from None
