"""From class names to labels: the wake word is 1, every other name is 0, no name is None."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from wakeling.errors import DataError, unknown_name

MAX_NAMES_SHOWN = 20
"""More class names than this would bury the message that lists them."""


def label_names(wake_word: str) -> tuple[str, str]:
    """The two outputs' names, the wake word last."""
    return (f"not_{wake_word}", wake_word)


def label_of(class_name: str | None, wake_word: str) -> int | None:
    """1 when `class_name` is the wake word (case aside), 0 for any other name, None without one."""
    if not class_name:
        return None
    return int(class_name.casefold() == wake_word.casefold())


def require_wake_word(wake_word: str, known: Iterable[str], where: str) -> None:
    """DataError unless one of the `known` class names is the wake word."""
    names = {name for name in known if name}
    if not names:
        raise DataError(f"no photo in {where} has a label; see 'bring your photos' for the three layouts")
    if wake_word.casefold() not in {name.casefold() for name in names}:
        shown = names
        if len(names) > MAX_NAMES_SHOWN:
            nearest = difflib.get_close_matches(wake_word, sorted(names), n=MAX_NAMES_SHOWN, cutoff=0.5)
            shown = set([*nearest, *sorted(names)][:MAX_NAMES_SHOWN])
        more = f"and {len(names - shown)} more, " if names - shown else ""
        advice = f"{more}found in {where}; choose one with --wake-word"
        raise DataError(unknown_name("wake word", wake_word, shown, advice))
