"""What a proof found, as plain data that round-trips through JSON.

The proof itself is in `verify.c.proof`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wakeling.errors import RunError

FORMAT = "wakeling.c-proof/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Instructions over the images: least, median, most."""

    least: int
    median: int
    most: int

    @staticmethod
    def of(counts: Sequence[int | None]) -> Spread | None:
        """Of the counts; None where nothing was counted."""
        known = [count for count in counts if count is not None]
        if not known:
            return None
        return Spread(least=min(known), median=statistics.median_low(known), most=max(known))


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerProof:
    """One layer of the C: its number there, the tensor that it computes, and its instructions in a run."""

    number: int
    tensor: str
    operator: str
    macs: int
    instructions: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDifference:
    """The first layer, in execution order, that computes something else than golden, on one image.

    `where` says which build or which part it was, if it was not a whole layer of the traced one.
    """

    number: int
    tensor: str
    operator: str
    image: int
    differing_values: int
    values: int
    where: str = ""

    @property
    def detail(self) -> str:
        """One line for people."""
        place = f", {self.where}" if self.where else ""
        return (
            f"layer {self.number}, {self.tensor!r} ({self.operator}){place}: {self.differing_values} of "
            f"{self.values} values differ on image {self.image}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CProof:
    """Whether the C for a core computes golden's numbers, in how many instructions and how much memory.

    Instructions, flash, stack and data are of a build without trace calls; those of the layers of one
    with them. They are measured under emulation, to `tick_instructions`; None where the host ran it.
    `data_bytes` is writable memory beside arena and stack, `table_bytes` is part of `flash_bytes`.
    """

    model: str
    content_hash: str
    target: str
    compiler: str
    optimization: str
    emulator: str
    tick_instructions: float | None
    images: int
    bytes_compared: int
    eliminated: str | None
    macs: int
    layers: tuple[LayerProof, ...]
    difference: LayerDifference | None
    instructions: Spread | None
    table_bytes: int
    flash_bytes: int | None
    arena_bytes: int
    stack_bytes: int | None
    data_bytes: int | None

    @property
    def agrees(self) -> bool:
        """Every layer computes golden's numbers on every image."""
        return self.difference is None

    @property
    def instructions_per_mac(self) -> float | None:
        """Instructions of a run (median) for each multiply-accumulate that it computes."""
        if self.instructions is None or not self.macs:
            return None
        return self.instructions.median / self.macs

    @property
    def ram_bytes(self) -> int | None:
        """Arena (with input, output and scratch), stack and data together."""
        if self.stack_bytes is None or self.data_bytes is None:
            return None
        return self.arena_bytes + self.stack_bytes + self.data_bytes

    @property
    def summary(self) -> str:
        """One sentence: does it agree, and where not."""
        if self.difference is not None:
            return f"the C for {self.target} differs from golden in {self.difference.detail}"
        return (
            f"the C for {self.target} computes golden's numbers bit for bit in all {len(self.layers)} layers "
            f"on {self.images} images"
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` reads them, the derived entries are for people."""
        return {"format": FORMAT, **asdict(self), **{name: getattr(self, name) for name in _DERIVED}}


_DERIVED = ("agrees", "instructions_per_mac", "ram_bytes", "summary")


def from_json(value: Mapping[str, Any]) -> CProof:
    """The inverse of `CProof.to_json`; raises RunError for anything else."""
    if value.get("format") != FORMAT:
        raise RunError(f"the proof's format is {value.get('format')!r}; this version reads {FORMAT!r}")
    fields = {key: entry for key, entry in value.items() if key not in ("format", *_DERIVED)}
    try:
        difference = fields["difference"]
        fields["difference"] = None if difference is None else LayerDifference(**difference)
        fields["instructions"] = _spread(fields["instructions"])
        fields["layers"] = tuple(
            LayerProof(**{**layer, "instructions": _spread(layer["instructions"])})
            for layer in fields["layers"]
        )
        return CProof(**fields)
    except (KeyError, TypeError) as problem:
        raise RunError(f"the proof is malformed: {problem}") from None


def _spread(value: Mapping[str, int] | None) -> Spread | None:
    return None if value is None else Spread(**value)
