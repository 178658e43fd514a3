"""Proof that generated C computes what the golden interpreter computes, on emulated cores and the host."""

from __future__ import annotations
