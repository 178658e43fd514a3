"""A list of numbers on the command line, such as `0.25,0.5`."""

from __future__ import annotations

from collections.abc import Callable

import click

from wakeling.errors import SpecError


def number_list(
    kind: Callable[[str], float], example: str
) -> Callable[[click.Context, click.Parameter, str | None], tuple[float, ...] | None]:
    """A click callback that reads numbers with commas between, without repeats; None stays None.

    The callback raises SpecError, with the example, for anything else.
    """

    def read(
        context: click.Context, parameter: click.Parameter, text: str | None
    ) -> tuple[float, ...] | None:
        if text is None:
            return None
        try:
            return tuple(dict.fromkeys(kind(part) for part in text.split(",")))
        except ValueError:
            raise SpecError(
                f"{parameter.opts[0]} is {text!r}; write numbers with commas between, such as {example}"
            ) from None

    return read
