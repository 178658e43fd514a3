"""Space files: what is written is read again, and bad input gets one line that names the place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakeling.errors import SpecError
from wakeling.search.space import (
    from_json,
    from_toml,
    load_space,
    ready_spaces,
    ready_toml,
    to_json,
    to_toml,
)

SMALL = """
name = "small"
resolutions = [32, 48]
widths = [0.5, 1.0]

[stem]
filters = 8

[[stages]]
filters = [8, 16]
depth = [0, 1]

[[stages]]
block = ["standard_conv", "depthwise_separable"]
filters = 32
stride = 2
"""


@pytest.mark.parametrize("name", ready_spaces())
def test_a_ready_space_is_written_and_read_again(name: str) -> None:
    space = load_space(name)
    assert space.name == name
    assert from_json(json.loads(json.dumps(to_json(space)))) == space
    assert from_toml(to_toml(space)) == space
    assert from_toml(ready_toml(name)) == space


def test_a_single_choice_needs_no_list() -> None:
    space = from_toml(SMALL)
    assert space.stem.filters == (8,)
    assert space == from_toml(SMALL.replace("filters = 8\n", "filters = [8]\n"))
    assert [parameter.name for parameter in space.parameters if len(parameter.choices) > 1] == [
        "resolution",
        "width",
        "stage1.depth",
        "stage1.filters",
        "stage2.block",
    ]


@pytest.mark.parametrize(
    ("written", "instead", "line"),
    [
        ("widths", "wdths", "search space: unknown key 'wdths'; known: widths"),
        ("stride = 2", "strides = 2", "stage 2: unknown key 'strides'; known: stride"),
        ("filters = 8\n", "filter = 8\n", "stem: unknown key 'filter'; known: filters"),
        ("filters = 8\n", "kernel = 3\n", "stem lacks the key 'filters'"),
        ('name = "small"\n', "", "search space lacks the key 'name'"),
        ('name = "small"', "name = 3", "search space: name: 3 is not of type str"),
        ('name = "small"', 'name = "a/b"', "search space name is 'a/b'; it must be letters"),
        ("[32, 48]", "[32.5]", "search space: resolutions: 32.5 is not of type int"),
        ("[32, 48]", "[true]", "search space: resolutions: True is not of type int"),
        ("[32, 48]", "[[32]]", "search space: resolutions: [32] is not of type int"),
        ("[32, 48]", "[]", "search space: resolution has no choice; give at least one"),
        ("[32, 48]", "[48, 32]", "search space: resolution must grow; given [48, 32]"),
        ("[32, 48]", "[32, 32]", "search space: resolution names a choice twice: [32, 32]"),
        ("[32, 48]", "[32, 2000]", "search space small: resolution = 2000: resolution is 2000"),
        ("[32, 48]", "[8, 32]", "search space small: resolution = 8: resolution is 8"),
        ("[0.5, 1.0]", "[0.0, 1.0]", "search space small: widths has 0.0; it must be above 0"),
        ("[0.5, 1.0]", "[nan]", "search space small: widths has nan; it must be above 0"),
        ("[0.5, 1.0]", '["wide"]', "search space: widths: 'wide' is not of type int or float"),
        ("[8, 16]", "[0, 16]", "stage 1: filters has 0; the least is 1"),
        ("filters = 8\n", "filters = -8\n", "stem: filters has -8; the least is 1"),
        ("[0, 1]", "[0]", "stage 1: depth is 0 only; give a depth of at least 1"),
        ("[0, 1]", "[-1, 1]", "stage 1: depth has -1; the least is 0"),
        ("[0, 1]", "[1, 1000]", "stage 1: depth is [1, 1000]; a stage has at most 32 blocks"),
        ("[0, 1]", "[]", "stage1.depth has no choice; give at least one"),
        (
            '"standard_conv"',
            '"standart_conv"',
            "stage 2: unknown block of a stage 'standart_conv'; known: st",
        ),
        ("stride = 2", "stride = 5", "search space small: stage2.stride = 5: "),
        ("stride = 2", "kernel = 4", "search space small: stage2.kernel = 4: "),
        ("stride = 2", "skip = 1", "stage 2: skip: 1 is not of type bool"),
        ('name = "small"', 'name = "small"\ndivisor = 0', "search space small: divisor is 0; it must be"),
        (
            'name = "small"',
            'name = "small"\nclasses = 1',
            "search space small: classes = 1: classes is 1",
        ),
        ('name = "small"', 'name = "small"\nchannels = 4', "search space small: channels = 4: channels is 4"),
        (
            'name = "small"',
            'name = "small"\nexecution = "tiles"',
            "unknown execution 'tiles'; known: patches",
        ),
        (
            'name = "small"',
            'name = "small"\nformat = "x/2"',
            "search space format is 'x/2'; this version reads",
        ),
        ('name = "small"', 'name = "small"\nhead = 3', "head must be a table; given 3"),
        ('name = "small"', "name = ", "not valid TOML: "),
    ],
)
def test_bad_input_gets_one_line_that_names_the_place(written: str, instead: str, line: str) -> None:
    assert written in SMALL
    with pytest.raises(SpecError) as caught:
        from_toml(SMALL.replace(written, instead, 1))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_space_needs_stages() -> None:
    with pytest.raises(SpecError, match="small has no stages; give at least one"):
        from_toml(SMALL[: SMALL.index("[[stages]]")])
    with pytest.raises(SpecError, match="stages must be a list of tables"):
        from_json({**to_json(from_toml(SMALL)), "stages": {"filters": 8}})


def test_unknown_names_and_files(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown search space 'tinny'; known: tiny, .*; or give a .toml"):
        load_space("tinny")
    with pytest.raises(SpecError, match=r"no.toml: cannot be read"):
        load_space(str(tmp_path / "no.toml"))
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match=r"bad.toml: not a text file"):
        load_space(str(tmp_path / "bad.toml"))
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    assert load_space(str(tmp_path / "small.toml")) == from_toml(SMALL)
    assert load_space("mobilenet-v1") == load_space("mobilenet_v1")
