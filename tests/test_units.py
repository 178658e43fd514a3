"""Units: what people write is parsed, what they read is formatted."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.errors import WakelingError
from wakeling.units import KIB, MIB, format_bytes, format_count, format_digits, format_duration, parse_bytes


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("65536", 65_536),
        ("64KiB", 65_536),
        (" 64 kib ", 65_536),
        ("64 KB", 64_000),
        ("1.5 MiB", 1_572_864),
        ("1MB", 1_000_000),
        ("12 B", 12),
        ("0", 0),
    ],
)
def test_sizes_are_parsed(text: str, size_bytes: int) -> None:
    assert parse_bytes(text) == size_bytes


@pytest.mark.parametrize(
    "text", ["", "KiB", "-1", "1 GiB", "one", "1e3", "nan", "0.5", "1,5 KiB", "1.0001 KiB"]
)
def test_other_sizes_are_refused_with_the_text(text: str) -> None:
    with pytest.raises(WakelingError) as caught:
        parse_bytes(text)
    assert repr(text) in str(caught.value)


@given(kib=st.integers(0, 100_000))
def test_kib_and_kb_differ(kib: int) -> None:
    assert parse_bytes(f"{kib} KiB") == kib * KIB
    assert parse_bytes(f"{kib} KB") == kib * 1000


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (KIB, "1.0 KiB"),
        (55_296, "54.0 KiB"),
        (MIB, "1.00 MiB"),
        (-2048, "-2.0 KiB"),
    ],
)
def test_sizes_are_formatted(size_bytes: int, text: str) -> None:
    assert format_bytes(size_bytes) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(12, "12"), (1_000, "1 k"), (219_058, "219 k"), (7_489_664, "7.49 M"), (2_500_000_000, "2.50 G")],
)
def test_counts_are_formatted(count: int, text: str) -> None:
    assert format_count(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (42, "42 s"), (59.7, "1 min 00 s"), (185, "3 min 05 s"), (7_800, "2 h 10 min")],
)
def test_durations_are_formatted(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.052134, "0.0521"),
        (1.4249, "1.42"),
        (327.4, "327"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1583.2, "1,583"),
        (0, "0"),
        (math.inf, "∞"),
    ],
)
def test_digits(value: float, text: str) -> None:
    assert format_digits(value) == text
