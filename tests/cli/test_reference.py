"""Every command is documented, and the reference is what the commands say themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from wakeling.cli.main import COMMANDS, cli
from wakeling.cli.reference import reference

ROOT = Path(__file__).parents[2]


def test_the_reference_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference" / "commands.md").read_text()
    assert written == reference(), "run: python -m wakeling.cli.reference > docs/reference/commands.md"


def _commands(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            inner = command.get_command(click.Context(command), name)
            assert inner is not None
            yield from _commands(inner)


def test_every_command_and_option_says_what_it_is_for() -> None:
    for command in _commands(cli):
        assert command.help, command.name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help or parameter.show_default, f"{command.name} {parameter.name}"


@pytest.mark.parametrize("document", ["README.md", "docs/tutorial/first-model.md"])
def test_documented_commands_exist(document: str) -> None:
    for line in (ROOT / document).read_text().splitlines():
        words = line.strip().removeprefix("$ ").removeprefix(".venv/bin/").split()
        if words[:1] == ["wakeling"] and len(words) > 1 and words[1].isalpha():
            assert words[1] in COMMANDS, line
