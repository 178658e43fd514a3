"""A board: what limits a network on it, and where each number comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wakeling.boards.power import Power


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board (or a bare chip).

    `ram_bytes` and `flash_bytes` are all of its RAM and program memory, before any program of
    the user's; `simd` is the core's vector extension (one of `SIMD`). `verified` says that each
    number was seen in its source; `sources` names that source by the number's name. `power` is None
    where nobody is known to have measured it.
    """

    name: str
    title: str
    chip: str
    core: str
    clock_hz: int
    ram_bytes: int
    flash_bytes: int
    simd: str = "none"
    verified: bool = False
    sources: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: str = ""
    power: Power | None = None


SIMD: Mapping[str, str] = {
    "none": "no vector instructions",
    "dsp": "Armv7E-M or Armv8-M DSP: two 16-bit products an instruction",
    "helium": "Armv8.1-M MVE: 128-bit vectors",
    "esp32-s3": "Xtensa LX7 with Espressif's 128-bit vectors",
}
"""The vector extensions by name, with what they are."""

SOURCED = ("core", "clock", "ram", "flash")
"""The numbers of a board whose source is named."""
