"""The README shows what the commands print now, names only commands that exist, and links to files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from wakeling import boards, zoo
from wakeling.cli import tutorial
from wakeling.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_output_is_what_the_command_prints() -> None:
    assert tutorial.refresh(TEXT) == TEXT, "run: python -m wakeling.cli.tutorial README.md"


def test_its_commands_exist() -> None:
    named = set(re.findall(r"^(?:\$ )?wakeling ([a-z]+)", TEXT, re.MULTILINE))
    assert named <= set(COMMANDS)
    assert len(named) > 10


@pytest.mark.parametrize("name", ["explain", "sweep", "battery", "boards"])
def test_its_examples_run(name: str) -> None:
    """Those that need no file of the user's."""
    text = TEXT.replace("\\\n", " ")
    (line,) = re.findall(rf"^wakeling {name} .*$", text, re.MULTILINE)
    assert tutorial.run_command(line.partition("  #")[0])


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_its_counts_are_right() -> None:
    assert f"{len(zoo.NETWORKS)} famous networks" in TEXT
    assert f"# {len(boards.board_names())} boards" in TEXT
