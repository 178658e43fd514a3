"""Which names can be the prefix of a generated model's functions, macros and files."""

from __future__ import annotations

import re

from wakeling.errors import TargetError
from wakeling.export.c_array import is_c_name

LONGEST_NAME = 40
"""So that lines with a name in them stay readable."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")

_HEADERS = re.compile(
    "arm_acle|arm_mve|assert|complex|ctype|errno|fenv|float|inttypes|iso646|limits|locale|math|setjmp|signal|"
    "stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|tgmath|threads|time|"
    "uchar|wchar|wctype"
)
"""Headers of C and of Arm's compilers: a `string.h` of ours would be found before theirs."""

_TYPES = re.compile(
    r"(u?int(_least|_fast)?(8|16|32|64)|u?int(ptr|max)|s?size|ptrdiff|max_align|off|clock|wint)"
)
"""Types of C's headers, without their `_t`: the model's own structure is `NAME_t`."""


def check_name(name: str) -> None:
    """Raises TargetError, with what is allowed, for a name that generated C cannot bear."""
    is_plain = _NAME.fullmatch(name) is not None and is_c_name(name) and len(name) <= LONGEST_NAME
    if not is_plain:
        raise TargetError(
            f"{name!r} cannot be the prefix of C names; use lower-case letters, digits and underscores, "
            f"a letter first, at most {LONGEST_NAME}, no word of C"
        )
    if _HEADERS.fullmatch(name) or _TYPES.fullmatch(name) or name.startswith("wk"):
        raise TargetError(f"{name!r} would clash with names of C or of the kernels; name the model otherwise")
