"""What a board draws while its core computes, where somebody has measured it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """Power while computing, in milliwatts: a typical figure and the range that was measured.

    `source` says who measured what; the chip's supply alone, not a camera's or a radio's.
    """

    active_mw: float
    low_mw: float
    high_mw: float
    source: str
