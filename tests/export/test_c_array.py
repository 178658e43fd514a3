"""The C array: compiled with warnings as errors, run, and its bytes compared."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from wakeling.errors import ModelFileError, WakelingError
from wakeling.export import c_array, tflite
from wakeling.testing.random_models import random_model

STRICT = ("-Wall", "-Wextra", "-Werror", "-pedantic")
COMPILERS = tuple(
    (name, standard)
    for name, standard in (
        ("gcc", "-std=c99"),
        ("gcc", "-std=c11"),
        ("clang", "-std=c99"),
        ("g++", "-std=c++11"),
    )
    if shutil.which(name)
)

PROGRAM = """\
#include <stddef.h>
#include <stdio.h>
#include "model.h"
int main(void) {
  int label;
  if ((size_t)person_model % 16 != 0) return 3;
  if (person_model_size != PERSON_MODEL_SIZE) return 4;
  for (label = 0; label < PERSON_MODEL_LABEL_COUNT; ++label) puts(person_model_labels[label]);
  fwrite(person_model, 1, person_model_size, stderr);
  return 0;
}
"""


def content() -> bytes:
    return tflite.to_bytes(random_model(2))


def bytes_in(source: str) -> bytes:
    """The bytes as a C compiler would read them."""
    return bytes(int(text, 16) for text in re.findall(r"0x([0-9a-f]{2})\b", source))


def test_the_source_holds_every_byte_in_order() -> None:
    header, source = c_array.render(content(), "person_model")
    assert bytes_in(source) == content()
    assert f"person_model[{len(content())}];" in header
    assert f"#define PERSON_MODEL_SIZE {len(content())}u" in header


def test_it_compiles_without_a_warning_and_the_program_has_the_same_bytes(tmp_path: Path) -> None:
    header, source = c_array.render(content(), "person_model")
    assert bytes_in(source) == content()  # holds where there is no compiler too
    for compiler, standard in COMPILERS:
        suffix = "cc" if compiler == "g++" else "c"
        (tmp_path / "model.h").write_text(header)
        (tmp_path / f"model.{suffix}").write_text(source)
        (tmp_path / f"main.{suffix}").write_text(PROGRAM)
        subprocess.run(
            [compiler, standard, *STRICT, f"model.{suffix}", f"main.{suffix}", "-o", "program"],
            cwd=tmp_path,
            check=True,
        )
        finished = subprocess.run([tmp_path / "program"], capture_output=True, check=True)
        assert finished.stderr == content()
        assert finished.stdout.decode().split() == list(random_model(2).labels)


@pytest.mark.parametrize(
    "label", ['say "hi"', "back\\slash", "Ünïcode", "what??/", "tab\tline\n", "8digits\x018"]
)
def test_any_label_is_a_valid_string(label: str, tmp_path: Path) -> None:
    literal = c_array._c_string(label)
    assert literal.isascii()
    assert "\n" not in literal
    decoded = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), literal[1:-1])
    assert decoded.encode("latin-1").decode() == label
    for compiler, standard in COMPILERS[:1]:
        (tmp_path / "label.c").write_text(
            f"#include <stdio.h>\nint main(void) {{ fputs({literal}, stdout); return 0; }}\n"
        )
        subprocess.run([compiler, standard, *STRICT, "label.c", "-o", "label"], cwd=tmp_path, check=True)
        assert subprocess.run([tmp_path / "label"], capture_output=True, check=True).stdout == label.encode()


@pytest.mark.parametrize("name", ["", "1model", "my model", "int", "_model", "class", "a-b", "modèle"])
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(WakelingError, match="cannot name a C array"):
        c_array.render(content(), name)


def test_bytes_that_are_no_model_are_refused() -> None:
    with pytest.raises(ModelFileError, match="no C array"):
        c_array.render(b"something else", "model")
