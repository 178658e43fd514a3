"""Units: parse what people write, format what people read.

Numbers are stored in base units (bytes, counts, seconds) and formatted at the edge only.
KiB is 1024 bytes, KB is 1000 (IEC 80000-13).
"""

from __future__ import annotations

import math
import re

from wakeling.errors import WakelingError

KIB = 1024
MIB = 1024 * 1024

_BYTES = {"": 1, "b": 1, "kb": 1000, "kib": KIB, "mb": 1_000_000, "mib": MIB}
_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*$")


def parse_bytes(text: str) -> int:
    """Bytes in `text`: a number with B, KB, KiB, MB or MiB behind it (none: bytes).

    Raises WakelingError for anything else, and for a size that is no whole number of bytes.
    """
    match = _SIZE.match(text)
    factor = _BYTES.get(match.group(2).lower()) if match else None
    if match is None or factor is None:
        raise WakelingError(f"size {text!r} is not understood; write for example 256KiB or 65536")
    size = float(match.group(1)) * factor
    if size != int(size):
        raise WakelingError(f"size {text!r} is {size} bytes, which is not a whole number")
    return int(size)


def format_bytes(size_bytes: int) -> str:
    """Bytes for people: `512 B`, `54.0 KiB`, `1.50 MiB`."""
    if abs(size_bytes) < KIB:
        return f"{size_bytes} B"
    if abs(size_bytes) < MIB:
        return f"{size_bytes / KIB:.1f} KiB"
    return f"{size_bytes / MIB:.2f} MiB"


def format_count(count: int) -> str:
    """A count of operations or parameters for people: `7.49 M`, `219 k`, `12`."""
    for factor, suffix in ((1_000_000_000, " G"), (1_000_000, " M"), (1_000, " k")):
        if abs(count) >= factor:
            return f"{count / factor:.3g}{suffix}" if factor == 1_000 else f"{count / factor:.2f}{suffix}"
    return str(count)


def format_digits(value: float) -> str:
    """A quantity for people, to three digits: `1.42`, `0.0521`, `327`, `1,580`, `∞`."""
    if math.isinf(value):
        return "∞"
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def format_duration(seconds: float) -> str:
    """Seconds for people: `0.4 s`, `42 s`, `3 min 05 s`, `2 h 10 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
