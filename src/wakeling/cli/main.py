"""The `wakeling` command: finds the command's file, and turns errors into one line and a code.

Exit codes: 0 done, 1 the answer is no, 2 wrong usage or input, 130 interrupted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from wakeling._version import __version__
from wakeling.errors import WakelingError, unknown_name

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "design": ("wakeling.cli.design", "Photos and a board in, a proven int8 model out."),
        "cost": ("wakeling.cli.cost", "What a network costs: operations, parameters, RAM, flash."),
        "compare": ("wakeling.cli.compare", "Networks side by side, on boards and under runtimes."),
        "sweep": ("wakeling.cli.sweep", "A family's cost over width multipliers and resolutions."),
        "space": ("wakeling.cli.space", "What a search space holds, and which part of it suits a board."),
        "zoo": ("wakeling.cli.zoo", "The famous networks: accuracy against operations, our counts checked."),
        "score": ("wakeling.cli.score", "Networks before training: training-free scores beside MACs."),
        "explain": (
            "wakeling.cli.explain",
            "Why it costs that: convolutions, multipliers, the gap to a board.",
        ),
        "battery": ("wakeling.cli.battery", "Energy of a frame, battery life, false alarms a day."),
        "calibrate": ("wakeling.cli.calibrate", "Fit the latency model to times measured on a board."),
        "boards": ("wakeling.cli.boards", "The boards and their limits."),
        "data": ("wakeling.cli.data", "Look at photos before they are used."),
        "show": ("wakeling.cli.show", "What a network or a .tflite file is made of."),
        "evaluate": ("wakeling.cli.evaluate", "A model's accuracy on labeled photos."),
        "compile": ("wakeling.cli.compile", "An int8 model as plain C, or as a ready project for a board."),
        "verify": ("wakeling.cli.verify", "Does every runtime compute the same numbers?"),
    }
)
"""Every command: the module that holds its `command`, and the line that `--help` shows."""


INTERRUPTED = 130


class LazyGroup(click.Group):
    """Imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            raise click.UsageError(unknown_name("command", args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="wakeling")
def cli() -> None:
    """Design visual-wake-words models for microcontrollers."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every error is one line on stderr."""
    try:
        value: Any = cli.main(args=arguments, prog_name="wakeling", standalone_mode=False)
        return value if isinstance(value, int) else 0
    except WakelingError as error:
        return _fail(str(error), error.exit_code)
    except click.exceptions.Abort:
        return _fail("interrupted", INTERRUPTED)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except click.ClickException as error:
        if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):  # click 8.2 and above
            click.echo(error.format_message(), err=True)
            return error.exit_code
        return _fail(error.format_message(), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        where = f" {error.filename!r}" if error.filename else ""
        return _fail(f"cannot use{where}: {error.strerror or error}", 2)


def _fail(message: str, code: int) -> int:
    line = " ".join(message.split())
    click.echo(f"wakeling: {line}", err=True)
    return code
