"""The bytes of a .tflite file as a C array: a header and a source, plain C99.

The array is aligned to 16 bytes, as TFLM wants it, and the labels go with it.
"""

from __future__ import annotations

import hashlib
import re

from wakeling.errors import ModelFileError, WakelingError
from wakeling.export import metadata

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_BYTES_PER_LINE = 16
_C_KEYWORDS = frozenset(
    re.findall(
        r"\w+",
        """
        auto break case char class const continue default delete do double else enum extern float for goto
        if inline int long namespace new register restrict return short signed sizeof static struct switch
        template this typedef union unsigned void volatile while
        """,
    )
)


def render(content: bytes, name: str) -> tuple[str, str]:
    """The header and the source that define `name`, `name_size` and `name_labels`.

    `content` is a .tflite file (its labels are read from its metadata; none where another program
    wrote it). The source stands alone: it includes no header of its own, so both can be given any
    file name. Raises WakelingError where `name` is no C identifier.
    """
    if not is_c_name(name):
        raise WakelingError(f"{name!r} cannot name a C array; use letters, digits and underscores")
    labels = _labels(content)
    return _header(content, name, labels), _source(content, name, labels)


def is_c_name(name: str) -> bool:
    """Whether a name is an identifier of C and of C++."""
    return _NAME.fullmatch(name) is not None and name not in _C_KEYWORDS


def _labels(content: bytes) -> tuple[str, ...]:
    try:
        description = metadata.read(content)
    except ModelFileError as problem:
        raise ModelFileError(f"no C array is made of this: {problem}") from None
    labels = (description or {}).get("labels", [])
    return tuple(str(label) for label in labels)


def _header(content: bytes, name: str, labels: tuple[str, ...]) -> str:
    guard = f"{name.upper()}_H"
    return f"""\
/* A .tflite model as a C array, written by wakeling.
 * {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()[:16]}
 */
#ifndef {guard}
#define {guard}

#ifdef __cplusplus
extern "C" {{
#endif

#define {name.upper()}_SIZE {len(content)}u
#define {name.upper()}_LABEL_COUNT {len(labels)}

/* The file's bytes, aligned to 16 bytes. */
extern const unsigned char {name}[{len(content)}];
extern const unsigned int {name}_size;
{_label_declaration(name, labels)}
#ifdef __cplusplus
}}
#endif

#endif /* {guard} */
"""


def _label_declaration(name: str, labels: tuple[str, ...]) -> str:
    if not labels:
        return ""
    declaration = f"extern const char *const {name}_labels[{len(labels)}];"
    return f"\n/* What each output stands for, in order. */\n{declaration}\n"


def _source(content: bytes, name: str, labels: tuple[str, ...]) -> str:
    rows = [
        "    " + ", ".join(f"0x{byte:02x}" for byte in content[start : start + _BYTES_PER_LINE])
        for start in range(0, len(content), _BYTES_PER_LINE)
    ]
    declared = [
        f"extern const unsigned char {name}[{len(content)}];",
        f"extern const unsigned int {name}_size;",
    ]
    label_lines = []
    if labels:
        declared.append(f"extern const char *const {name}_labels[{len(labels)}];")
        texts = ", ".join(_c_string(label) for label in labels)
        label_lines = [f"const char *const {name}_labels[{len(labels)}] = {{{texts}}};"]
    return "\n".join(
        [
            "/* A .tflite model as a C array, written by wakeling. Plain C99, also valid C++. */",
            "#if defined(__cplusplus)",
            "#define WAKELING_ALIGN alignas(16)",
            'extern "C" {',
            "#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L",
            "#define WAKELING_ALIGN _Alignas(16)",
            "#elif defined(__GNUC__)",
            "#define WAKELING_ALIGN __attribute__((aligned(16)))",
            "#else",
            '#error "tell this compiler how to align an array to 16 bytes: define WAKELING_ALIGN"',
            "#endif",
            "",
            *declared,
            "",
            f"WAKELING_ALIGN const unsigned char {name}[{len(content)}] = {{",
            ",\n".join(rows),
            "};",
            f"const unsigned int {name}_size = {len(content)}u;",
            *label_lines,
            "",
            "#if defined(__cplusplus)",
            "}",
            "#endif",
            "",
        ]
    )


def _c_string(text: str) -> str:
    return f'"{"".join(escaped(text))}"'


def escaped(text: str) -> list[str]:
    """A C string literal's characters for each UTF-8 byte; octal escapes cannot swallow what follows."""
    return [
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    ]
