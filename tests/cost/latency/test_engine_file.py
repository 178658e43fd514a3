"""Engine files: what is written is read, and each mistake has one line."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeling.cost.latency import EngineFile, engine_from_toml, engine_to_toml, read_engine
from wakeling.cost.latency.costs import UNITS
from wakeling.cost.latency.stored import costs_of
from wakeling.errors import LatencyError

BASE = costs_of("tflm-cmsis-nn", "Cortex-M4")
ENGINE = EngineFile(
    name="mine",
    base="tflm-cmsis-nn",
    board="nucleo-l4r5zi",
    measurements=3,
    costs=dataclasses.replace(BASE, engine="mine"),
)
TEXT = engine_to_toml(ENGINE)

positive = st.floats(1e-9, 1e9, allow_nan=False)


@given(st.dictionaries(st.sampled_from(UNITS), positive), st.tuples(*[positive] * len(UNITS)), positive)
def test_what_is_written_is_read(
    deviations: dict[str, float], cycles: tuple[float, ...], level: float
) -> None:
    costs = dataclasses.replace(
        ENGINE.costs, cycles=dict(zip(UNITS, cycles, strict=True)), deviations=deviations, level=level
    )
    engine = dataclasses.replace(ENGINE, costs=costs)
    assert engine_from_toml(engine_to_toml(engine)) == engine


def test_strange_names_stay_inside_their_quotes() -> None:
    strange = dataclasses.replace(
        ENGINE, name='a "quoted"\nname\\', costs=dataclasses.replace(ENGINE.costs, engine="x")
    )
    assert engine_from_toml(engine_to_toml(strange)).name == "a _quoted__name_"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (TEXT, "level = = 3", "not valid TOML"),
        ("wakeling.engine/1", "wakeling.engine/9", "format is 'wakeling.engine/9'"),
        ('name = "mine"', "", "name is None; it must be text in quotes"),
        ("level = ", "level = -", "level is -0.3.*; it must be a number, at least 0"),
        ("measurements = 3", 'measurements = "3"', "measurements is '3'"),
        ("measurements = 3", "measurements = true", "measurements is True"),
        ("inflation = ", "inflation = inf #", "inflation is inf"),
        ("[mix]", "[mixture]", r"the table \[mix\] is missing"),
        ("pointwise = ", "pontwise = ", "unknown kind of work 'pontwise'; known: pointwise"),
        ("standard = ", "# standard = ", r"\[cycles\] lacks standard"),
    ],
)
def test_each_mistake_has_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1))
    with pytest.raises(LatencyError) as caught:
        read_engine(path)
    line = str(caught.value)
    assert line.startswith(f"engine {path}: ")
    assert re.search(message, line), line
    assert "\n" not in line


@pytest.mark.parametrize("content", [None, b"\xff\x00\xfe"], ids=["missing", "binary"])
def test_unreadable_files_have_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LatencyError, match=r"cannot be read|not a text file"):
        read_engine(path)
